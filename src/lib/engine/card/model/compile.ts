import type { Json } from '#kernel';
import { compileAction, compileActions } from './actions.ts';
import { containerClasses, elementClasses } from './classes.ts';
import { compileElement } from './elements.ts';
import { isObject, objects, readValue, slot, type JsonObject } from './json.ts';
import { toggledIds } from './toggled.ts';
import type { CompiledCard, Container, Element, LoneText, Slot } from './types.ts';
import { readOptional } from './json.ts';
import { safeImage } from '../markdown/urls.ts';
import { combine, mapRead, type Read } from '../template/read.ts';

const compiled = new WeakMap<object, CompiledCard>();

/**
 * Compiles a card once; the same JSON object gives the same compiled card. It never throws: an element
 * that isn't known is its fallback, or nothing. Whether a card is right is `validateCard`'s word.
 */
export function compileCard(json: Json): CompiledCard {
	if (!isObject(json))
		return { body: [], actions: [], toggled: new Set(), data: undefined, speak: undefined };
	const known = compiled.get(json);
	if (known) return known;
	const card = compile(json);
	compiled.set(json, card);
	return card;
}

function compile(json: JsonObject): CompiledCard {
	return {
		body: compileItems(json['body']),
		actions: compileActions(json['actions']),
		toggled: toggledIds(json),
		data: '$data' in json ? readValue(json['$data']) : undefined,
		speak: typeof json['speak'] === 'string' ? json['speak'] : undefined
	};
}

export function compileItems(json: Json | undefined): Slot[] {
	return objects(json).flatMap((item) => {
		const element = resolve(item);
		return element ? [slot(item, element)] : [];
	});
}

/** The element, or the nearest fallback that this host knows; undefined drops it. */
export function resolve(json: JsonObject, depth = 0): Element | undefined {
	const element = meetsRequirements(json) ? compileElement(json) : undefined;
	if (element || depth > 8) return element;
	const fallback = json['fallback'];
	return isObject(fallback) ? resolve(fallback, depth + 1) : undefined;
}

/** `requires` names features of the host with the least version; only `adaptiveCards` is one here. */
export function meetsRequirements(json: JsonObject): boolean {
	const requires = json['requires'];
	if (!isObject(requires)) return true;
	return Object.entries(requires).every(([feature, version]) => {
		if (feature.toLowerCase() !== 'adaptivecards') return false;
		return version === '*' || (typeof version === 'string' && /^1\.[0-6](\.|$)/.test(version));
	});
}

/** Container, Column and TableCell alike. */
export function compileContainer(json: JsonObject, extra = ''): Container {
	const looks = containerClasses(json);
	const space = elementClasses(json);
	const background = backgroundOf(json['backgroundImage']);
	const action = json['selectAction'];
	const items = compileItems(json['items']);
	return {
		kind: 'Container',
		id: typeof json['id'] === 'string' ? mapRead(readValue(json['id']), String) : undefined,
		classes: combine([space, looks], (above, look) => `${above}${look}${extra}`),
		visible: undefined,
		items,
		lone: loneText(
			items,
			mapRead(looks, (look) => `${look}${extra}`)
		),
		action: isObject(action) ? compileAction(action) : undefined,
		background: background.url,
		backgroundClass: background.mode
	};
}

function loneText(items: readonly Slot[], looks: Read<string>): LoneText | undefined {
	const [only, ...more] = items;
	if (!only || more.length > 0 || only.when || only.data) return undefined;
	const { item } = only;
	if (item.kind !== 'TextBlock' || item.level !== undefined || item.id || item.visible) return undefined;
	const { content, textClasses: text } = item;
	if (item.boxed) return undefined;
	return {
		content,
		classes: combine([text, looks], (own, cell) => `${own}${cell}`.replace(/^ac-text */, '').trim())
	};
}

function backgroundOf(json: Json | undefined): { url: Container['background']; mode: string } {
	const url = isObject(json) ? json['url'] : json;
	const mode =
		isObject(json) && typeof json['fillMode'] === 'string' ? json['fillMode'].toLowerCase() : 'cover';
	if (typeof url !== 'string') return { url: undefined, mode };
	return { url: mapRead(readOptional(url), (value) => value && safeImage(value)), mode: `ac-fill-${mode}` };
}
