/** The runbook's advice on an error. */
export const Advice = ({ advice }: { readonly advice: string }) => (
  <div>
    <b>What to do:</b> {advice}
  </div>
);
