/** Before any test: unit tests compare with what the system's own tools make, guest tests boot machines. */
export { installPrerequisites as setup } from './guest/prerequisites.ts';
