import type { Action, ActionSlot } from '#engine/card';

/** The one action that stands out: what the author calls positive, or the only command of the set. */
export function primaryOf(actions: readonly ActionSlot[]): Action | undefined {
	const all = actions.map((slot) => slot.item);
	const positive = all.find((action) => action.style === 'positive');
	if (positive) return positive;
	const commands = all.filter(
		(action) => action.kind === 'Action.Execute' || action.kind === 'Action.Submit'
	);
	return commands.length === 1 && commands[0]!.style === 'default' ? commands[0] : undefined;
}
