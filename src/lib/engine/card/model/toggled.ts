import type { Json } from '#kernel';
import { isObject } from './json.ts';

/** Ids that any action of the card shows or hides. */
export function toggledIds(json: Json): Set<string> {
	const ids = new Set<string>();
	visit(json, ids);
	return ids;
}

function visit(json: Json, ids: Set<string>): void {
	if (Array.isArray(json)) for (const item of json as readonly Json[]) visit(item, ids);
	if (!isObject(json)) return;
	if (json['type'] === 'Action.ToggleVisibility')
		for (const target of targets(json['targetElements'])) ids.add(target.id);
	for (const value of Object.values(json)) visit(value, ids);
}

export function targets(json: Json | undefined): { id: string; visible: boolean | undefined }[] {
	if (!Array.isArray(json)) return [];
	return (json as readonly Json[]).flatMap((target) => {
		if (typeof target === 'string') return [{ id: target, visible: undefined }];
		if (!isObject(target) || typeof target['elementId'] !== 'string') return [];
		const visible = target['isVisible'];
		return [{ id: target['elementId'], visible: typeof visible === 'boolean' ? visible : undefined }];
	});
}
