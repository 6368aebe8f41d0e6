import { Component, type ReactNode } from 'react';
import { Failure } from './failure';

interface Caught {
  readonly failure: unknown;
}

/** Shows a view's own failure in its place; the other views stay usable. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, Caught> {
  override state: Caught = { failure: undefined };

  static getDerivedStateFromError(failure: unknown): Caught {
    return { failure };
  }

  override render() {
    return this.state.failure === undefined ? this.props.children : <Failure of={this.state.failure} />;
  }
}
