/**
 * What a live change touches glows briefly. One observer per card costs nothing per cell; it acts only
 * on mutations that follow a change of live rows, so that what the person does does not glow.
 */
let lastChange = Number.NEGATIVE_INFINITY;
const window = 120;
const duration = 1600;

export function noteLiveChange(): void {
	lastChange = performance.now();
}

/** An attachment for a card's root. */
export function glow(root: HTMLElement): () => void {
	const calm = matchMedia('(prefers-reduced-motion: reduce)');
	const observer = new MutationObserver((mutations) => {
		if (calm.matches || performance.now() - lastChange > window) return;
		const touched = new Set<Element>();
		for (const mutation of mutations) for (const element of elementsOf(mutation)) touched.add(element);
		for (const element of touched) light(element);
	});
	observer.observe(root, { subtree: true, childList: true, characterData: true });
	return () => observer.disconnect();
}

function* elementsOf(mutation: MutationRecord): Generator<Element> {
	if (mutation.type === 'characterData') {
		const box = mutation.target.parentElement?.closest('.ac-text, td, dd');
		if (box) yield box;
		return;
	}
	const removed = new Set(mutation.removedNodes);
	for (const node of mutation.addedNodes) {
		// A node that only moved is not news.
		if (node instanceof HTMLElement && !removed.has(node) && node.matches('tr, .ac-item, .ac-text'))
			yield node;
	}
}

/** Back to whatever its background is by itself; words have room around them. */
function light(element: Element): void {
	const backgroundColor = getComputedStyle(element).getPropertyValue('--glow');
	const lit = element.matches('.ac-text')
		? { backgroundColor, boxShadow: `0 0 0 4px ${backgroundColor}`, borderRadius: '1px' }
		: { backgroundColor };
	element.animate([lit, { ...lit, offset: 0.25 }], { duration, easing: 'ease-out' });
}
