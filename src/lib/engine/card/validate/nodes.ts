import type { Node } from 'jsonc-parser';

/** Reading a JSON syntax tree. */
export interface Property {
	readonly key: Node;
	readonly value: Node;
}

export function properties(node: Node): Map<string, Property> {
	const found = new Map<string, Property>();
	for (const property of node.children ?? []) {
		const [key, value] = property.children ?? [];
		if (key && value) found.set(String(key.value), { key, value });
	}
	return found;
}

export function property(node: Node | undefined, name: string): Node | undefined {
	return node?.type === 'object' ? properties(node).get(name)?.value : undefined;
}

export function items(node: Node | undefined): readonly Node[] {
	return node?.type === 'array' ? (node.children ?? []) : [];
}

export function text(node: Node | undefined): string | undefined {
	return node?.type === 'string' ? String(node.value) : undefined;
}
