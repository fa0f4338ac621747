/** One of eight colour classes, always the same for a name. */
export function tint(name: string): string {
	let hash = 0;
	for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) >>> 0;
	return `tint-${hash % 8}`;
}

/** At most two letters for a person without a picture. */
export function initials(name: string): string {
	const words = name.trim().split(/\s+/).filter(Boolean);
	const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
		(word) => [...(word ?? '')][0] ?? ''
	);
	return letters.join('').toUpperCase() || '?';
}
