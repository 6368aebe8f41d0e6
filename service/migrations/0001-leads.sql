-- What visitors send by the form of the tenant's page. The id is the form's own: a form that is sent twice is one lead.
CREATE TABLE leads (
  id uuid PRIMARY KEY,
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  email text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 320),
  message text NOT NULL CHECK (char_length(message) <= 2000),
  received_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX leads_by_time ON leads (received_at DESC, id);
