/** How a try at a door ended. A try that could not be made is neither: it throws, and its check fails. */
export type Attempt = { readonly opened: true } | { readonly opened: false; readonly refusal: string };

export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** Doors to try, as the shared service or a visitor would. */
export interface Doors {
  /** A request for a host that reaches the cell's listener as a browser's does. */
  readonly request: (host: string) => Promise<Answered>;
}
