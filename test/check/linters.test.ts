import { testCommands } from '../support/check-commands';

testCommands((program) => program !== 'tsc');
