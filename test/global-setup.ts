/** Before any unit test: some compare with what the system's own tools make. */
export { installPrerequisites as setup } from './guest/prerequisites.ts';
