import { unreachable } from '#kernel';
import type { Action, Scope } from '#engine/card';
import type { CardRuntime } from './runtime.svelte.ts';

/** Runs an action that is no link and shows no card. Resolves when its command is through. */
export async function press(action: Action, scope: Scope, card: CardRuntime): Promise<void> {
	switch (action.kind) {
		case 'Action.Execute':
		case 'Action.Submit':
			await card.execute(action, scope);
			return;
		case 'Action.ToggleVisibility':
			card.toggle(action);
			return;
		case 'Action.OpenUrl':
		case 'Action.ShowCard':
			return;
		default:
			unreachable(action);
	}
}
