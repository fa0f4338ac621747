import type { CardRuntime } from './runtime.svelte.ts';

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/**
 * Remembers what has the focus inside a card that is about to be drawn anew, and gives it back to what
 * stands in its place: the same input with its caret, or the button or link with the same words. The
 * returned function does that; undefined where the focus is elsewhere.
 */
export function heldFocus(root: HTMLElement, card: CardRuntime): (() => void) | undefined {
	const active = document.activeElement;
	if (!(active instanceof HTMLElement) || !root.contains(active)) return undefined;
	const key = card.fieldAround(active);
	if (key === undefined) return byWords(root, active);
	const controls = () => [...(card.boxOf(key)?.querySelectorAll<Control>('input, select, textarea') ?? [])];
	const place = controls().indexOf(active as Control);
	const caret = caretOf(active);
	return () => {
		const control = controls()[place];
		control?.focus({ preventScroll: true });
		if (control) caret?.(control);
	};
}

/** Inputs of dates, numbers and the like have no caret that can be asked for. */
function caretOf(active: HTMLElement): ((control: Control) => void) | undefined {
	if (!(active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement)) return undefined;
	const { selectionStart: start, selectionEnd: end, selectionDirection: direction, scrollTop } = active;
	if (start === null || end === null) return undefined;
	return (control) => {
		if (control instanceof HTMLSelectElement || control.selectionStart === null) return;
		control.setSelectionRange(start, end, direction ?? 'none');
		control.scrollTop = scrollTop;
	};
}

function byWords(root: HTMLElement, active: HTMLElement): () => void {
	const words = (element: Element) => element.getAttribute('aria-label') ?? element.textContent.trim();
	const alike = (name: string) =>
		[...root.querySelectorAll<HTMLElement>(active.tagName)].filter((element) => words(element) === name);
	const name = words(active);
	const place = alike(name).indexOf(active);
	return () => alike(name)[place]?.focus({ preventScroll: true });
}
