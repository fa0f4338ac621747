/** Enter in a line of text presses the only command of its card, as in a form. */
export function submitOnEnter(event: KeyboardEvent): void {
	const target = event.target as HTMLElement;
	if (event.key !== 'Enter' || event.isComposing || !(target instanceof HTMLInputElement)) return;
	if (target.type === 'checkbox' || target.type === 'radio') return;
	const inline = target.closest('.ac-inline')?.querySelector<HTMLButtonElement>('button');
	const around = target.closest('.ac-shown, tr, .ac-card');
	const commands = around?.querySelectorAll<HTMLButtonElement>('button[data-command]') ?? [];
	const only = commands.length === 1 ? commands[0] : undefined;
	const primary = [...commands].find((button) => button.classList.contains('btn-primary'));
	(inline ?? only ?? primary)?.click();
}
