import { unreachable } from '#kernel';
import type { Action, Scope } from '#engine/card';
import type { CardRuntime } from './runtime.svelte.ts';

/** Runs an action that is no link and shows no card. Resolves when its command is through. */
export async function press(action: Action, scope: Scope, card: CardRuntime, from: Element): Promise<void> {
	switch (action.kind) {
		case 'Action.Execute':
		case 'Action.Submit':
			await card.execute(action, scope);
			return;
		case 'Action.ToggleVisibility':
			card.toggle(action, (id) => isShown(from, id));
			return;
		case 'Action.OpenUrl':
		case 'Action.ShowCard':
			return;
		default:
			unreachable(action);
	}
}

/** Whether the element is visible before anybody toggled it: the page itself says so. */
function isShown(from: Element, id: string): boolean {
	const root = from.closest('.ac-card') ?? document;
	const element = root.querySelector(`[data-id="${CSS.escape(id)}"]`);
	return element ? !element.hasAttribute('hidden') : true;
}
