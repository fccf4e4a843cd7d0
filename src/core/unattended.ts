/** Variable that says that nobody watches this OpenCode: it does jobs, tasks or prompts for a program. */
export const UNATTENDED = "AEGIS_UNATTENDED";
