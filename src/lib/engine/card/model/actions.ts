import type { Json } from '#kernel';
import { readJson } from '../template/expand.ts';
import { constant, mapRead, type Read } from '../template/read.ts';
import { compileCard, meetsRequirements } from './compile.ts';
import {
	isObject,
	objects,
	readBoolean,
	readOptional,
	readString,
	readValue,
	slot,
	word,
	type JsonObject
} from './json.ts';
import { targets } from './toggled.ts';
import type { Action, ActionSlot, Execute, OpenUrl, Then } from './types.ts';
import { safeImage, safeLink } from '../markdown/urls.ts';

export function compileActions(json: Json | undefined): ActionSlot[] {
	return objects(json).flatMap((item) => {
		const action = compileAction(item);
		return action ? [slot(item, action)] : [];
	});
}

/** The action, or its fallback where the type isn't known; undefined drops it. */
export function compileAction(json: JsonObject, depth = 0): Action | undefined {
	const action = meetsRequirements(json) ? known(json) : undefined;
	if (action || depth > 8) return action;
	const fallback = json['fallback'];
	return isObject(fallback) ? compileAction(fallback, depth + 1) : undefined;
}

function known(json: JsonObject): Action | undefined {
	const base = common(json);
	switch (json['type']) {
		case 'Action.OpenUrl':
			return { ...base, kind: 'Action.OpenUrl', ...address(json['url']) };
		case 'Action.Execute':
		case 'Action.Submit':
			return { ...base, ...execute(json, json['type']) };
		case 'Action.ShowCard':
			return { ...base, kind: 'Action.ShowCard', card: compileCard(json['card'] ?? null) };
		case 'Action.ToggleVisibility':
			return { ...base, kind: 'Action.ToggleVisibility', targets: targets(json['targetElements']) };
		default:
			return undefined;
	}
}

/** `tickets/${id}`: whatever the data says, this stays a path of the module. */
const path = /^[\w-][\w.-]*\//;

function address(json: Json | undefined): Pick<OpenUrl, 'url' | 'inside'> {
	const read = readOptional(json);
	const inside = typeof json === 'string' && path.test(json);
	return { inside, url: inside ? read : mapRead(read, (url) => url && safeLink(url)) };
}

function common(json: JsonObject) {
	const icon = json['iconUrl'];
	return {
		id: typeof json['id'] === 'string' ? readString(json['id']) : undefined,
		title: readString(json['title']),
		icon: typeof icon === 'string' ? mapRead(readOptional(icon), (url) => url && safeIcon(url)) : undefined,
		tooltip: readString(json['tooltip']),
		style: word(json['style'], ['default', 'positive', 'destructive'], 'default'),
		enabled: readBoolean(json['isEnabled'], true),
		secondary: word(json['mode'], ['primary', 'secondary'], 'primary') === 'secondary'
	};
}

/** `icon:Name` is one of the host's own icons. */
function safeIcon(url: string): string | undefined {
	return url.startsWith('icon:') ? url : safeImage(url);
}

function execute(json: JsonObject, kind: Execute['kind']): Omit<Execute, keyof ReturnType<typeof common>> {
	return {
		kind,
		verb: verbOf(json),
		data: json['data'] === undefined ? constant(undefined) : readJson(json['data']),
		inputs: json['associatedInputs'] !== 'none',
		confirm: typeof json['confirm'] === 'string' ? readString(json['confirm']) : undefined,
		then: thenOf(json['then'])
	};
}

/** Execute names its command itself; Submit in `data.verb`. */
function verbOf(json: JsonObject): Read<string | undefined> {
	if (json['type'] === 'Action.Execute') return readOptional(json['verb']);
	const data = json['data'];
	return isObject(data) ? readOptional(data['verb']) : constant(undefined);
}

function thenOf(json: Json | undefined): Then | undefined {
	if (!isObject(json)) return undefined;
	return {
		open: json['open'] === undefined ? undefined : readValue(json['open']),
		message: json['message'] === undefined ? undefined : readValue(json['message'])
	};
}
