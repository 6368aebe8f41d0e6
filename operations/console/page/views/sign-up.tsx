import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Form from '@cloudscape-design/components/form';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input, { type InputProps } from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { PlanSchema, SIZINGS } from '../../../../functions/contract/plans';
import { SignupStartedSchema } from '../../api/acts';
import { ConsoleError, useApi } from '../console-api';
import { Failure } from '../failure';
import { linkTo, linkToTenant } from '../routes';
import { RunProgress } from '../run-progress';
import { EMPTY_SIGNUP, signupErrors, signupOf, type TypedSignup } from '../signup-form';

const FIELDS: readonly {
  readonly name: Exclude<keyof TypedSignup, 'plan'>;
  readonly label: string;
  readonly description: string;
  readonly type?: InputProps.Type;
}[] = [
  { name: 'companyName', label: 'Company', description: 'The name that the company’s pages show.' },
  {
    ...{ name: 'subdomain', label: 'Subdomain' },
    description:
      'Lower-case letters, digits and hyphens. It becomes part of the tenant’s address and cannot be changed.',
  },
  {
    name: 'contactEmail',
    label: 'Contact e-mail',
    description: 'The address that the company gives for questions.',
    type: 'email',
  },
  { name: 'reason', label: 'Reason - optional', description: 'Goes on record with your name.' },
];

const PLANS = PlanSchema.options.map((value) => {
  const { instanceClass, allocatedStorageGiB, replicas } = SIZINGS[value];
  const replica = replicas > 0 ? ', with a read replica' : '';
  return { value, label: value, description: `${instanceClass}, ${allocatedStorageGiB} GiB${replica}` };
});

function SignupForm() {
  const api = useApi();
  const [typed, setTyped] = useState<TypedSignup>(EMPTY_SIGNUP);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => api.post('/api/signups', signupOf(typed), SignupStartedSchema),
    onSuccess: ({ executionArn, tenantId }) => {
      location.hash = linkTo('sign-up', { execution: executionArn, tenant: tenantId, company: typed.companyName });
    },
  });
  const refused = error instanceof ConsoleError && error.field ? { [error.field]: error.message } : {};
  const errors: Readonly<Record<string, string>> = { ...refused, ...signupErrors(typed) };
  const errorOf = (name: string) => (left.has(name) ? (errors[name] ?? '') : '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLeft(new Set(Object.keys(EMPTY_SIGNUP)));
    if (Object.keys(signupErrors(typed)).length === 0) mutate();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Form
        header={
          <Header variant="h1" description="Onboards a company as if the billing system had sent its signup.">
            Sign up
          </Header>
        }
        actions={
          <Button variant="primary" loading={isPending} loadingText="Signing up">
            Sign up
          </Button>
        }
      >
        <Container>
          <SpaceBetween size="l">
            {error && Object.keys(refused).length === 0 && <Failure of={error} />}
            {FIELDS.map(({ name, label, description, type = 'text' }) => (
              <FormField key={name} label={label} description={description} errorText={errorOf(name)}>
                <Input
                  {...{ name, type, value: typed[name], autoComplete: false }}
                  onChange={({ detail }) => setTyped({ ...typed, [name]: detail.value })}
                  onBlur={() => typed[name] && setLeft(new Set([...left, name]))}
                />
              </FormField>
            ))}
            <FormField label="Plan" errorText={errorOf('plan')}>
              <RadioGroup
                value={typed.plan}
                items={PLANS}
                onChange={({ detail }) => setTyped({ ...typed, plan: detail.value })}
              />
            </FormField>
          </SpaceBetween>
        </Container>
      </Form>
    </form>
  );
}

/** One form, and then the onboarding as it happens. */
export default function SignUp({ search }: { readonly search: URLSearchParams }) {
  const execution = search.get('execution');
  const tenant = search.get('tenant');
  if (!execution || !tenant) return <SignupForm />;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={<Box variant="span">The onboarding goes on when you leave this page.</Box>}
        actions={
          <SpaceBetween size="xs" direction="horizontal">
            <Button href={linkTo('sign-up')}>Sign up another company</Button>
            <Button variant="primary" href={linkToTenant(tenant)}>
              Open the tenant
            </Button>
          </SpaceBetween>
        }
      >
        Onboarding of {search.get('company') ?? tenant}
      </Header>
      <Container header={<Header variant="h2">Progress</Header>}>
        <RunProgress execution={execution} />
      </Container>
    </SpaceBetween>
  );
}
