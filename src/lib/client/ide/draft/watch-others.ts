import type { Draft } from './draft.svelte.ts';

/** Between two looks, in ms; a large draft is looked at less often. */
const leastMs = 5000;
const bytesPerMs = 20;

/** Looks for what other people wrote, while the page is to be seen and nothing is unsaved here. */
export function watchOthers(draft: Draft): () => void {
	let timer: ReturnType<typeof setTimeout>;
	const plan = () => {
		timer = setTimeout(look, leastMs + sizeOf(draft.files) / bytesPerMs);
	};
	const look = () => {
		if (document.visibilityState === 'visible' && draft.status.kind === 'saved') draft.heard();
		plan();
	};
	plan();
	return () => clearTimeout(timer);
}

function sizeOf(files: ReadonlyMap<string, string>): number {
	let size = 0;
	for (const text of files.values()) size += text.length;
	return size;
}
