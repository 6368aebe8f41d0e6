import { Component, type ReactNode } from 'react';
import { Failure } from './failure';

interface Caught {
  readonly failure: unknown;
}

/**
 * Shows a view's own failure in its place; the other views stay usable. A view whose script did not
 * load, as without a connection, comes with the page.
 */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, Caught> {
  override state: Caught = { failure: undefined };

  static getDerivedStateFromError(failure: unknown): Caught {
    return { failure };
  }

  override render() {
    return this.state.failure === undefined ? (
      this.props.children
    ) : (
      <Failure title="This view has failed" of={this.state.failure} retry={() => location.reload()} />
    );
  }
}
