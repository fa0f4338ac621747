import { unsaved } from './sync.ts';
import type { DraftState } from './types.ts';

/** What the author is told about the draft. */
export type SaveStatus =
	| { readonly kind: 'saved' }
	| { readonly kind: 'saving' }
	| { readonly kind: 'offline' }
	| { readonly kind: 'conflict'; readonly paths: readonly string[] }
	| { readonly kind: 'refused'; readonly code: string; readonly message: string };

export function statusOf(state: DraftState): SaveStatus {
	if (state.conflicts.size > 0) return { kind: 'conflict', paths: [...state.conflicts.keys()] };
	switch (state.phase) {
		case 'refused':
			return { kind: 'refused', code: state.refusal?.code ?? '', message: state.refusal?.message ?? '' };
		case 'retrying':
			return { kind: 'offline' };
		case 'waiting':
		case 'saving':
			return { kind: 'saving' };
		case 'fetching':
		case 'idle':
			return { kind: unsaved(state).size > 0 ? 'saving' : 'saved' };
	}
}
