import type { Json } from '#kernel';
import { constant, mapRead } from '../template/read.ts';
import { compileAction, compileActions } from './actions.ts';
import {
	alignmentClass,
	elementClasses,
	imageClasses,
	runClasses,
	textClasses,
	totalWeight,
	widthClass
} from './classes.ts';
import { compileContainer } from './compile.ts';
import { compileInput } from './inputs.ts';
import {
	isObject,
	objects,
	pixels,
	readContent,
	readOptional,
	readString,
	slot,
	word,
	type JsonObject
} from './json.ts';
import { readCondition, type Read } from '../template/read.ts';
import { compileTable } from './table.ts';
import type { Action, Element, Image, Slot, TextRun } from './types.ts';
import { safeImage } from '../markdown/urls.ts';

/** Undefined where the type isn't known here. */
export function compileElement(json: JsonObject): Element | undefined {
	const base = common(json);
	switch (json['type']) {
		case 'TextBlock': {
			const looks = textClasses(json);
			return {
				...base,
				kind: 'TextBlock',
				classes: both(base.classes, looks),
				textClasses: looks,
				...text(json)
			};
		}
		case 'RichTextBlock':
			return {
				...base,
				kind: 'RichTextBlock',
				classes: both(base.classes, textClasses({ ...json, wrap: true })),
				runs: runs(json['inlines'])
			};
		case 'Image':
			return image(json);
		case 'ImageSet':
			return { ...base, kind: 'ImageSet', images: images(json) };
		case 'Container':
			return { ...compileContainer(json), id: base.id, visible: base.visible };
		case 'ColumnSet':
			return {
				...base,
				kind: 'ColumnSet',
				classes: both(base.classes, columnSetClasses(json)),
				columns: columns(json),
				action: action(json)
			};
		case 'FactSet':
			return { ...base, kind: 'FactSet', facts: facts(json) };
		case 'Table':
			return { ...base, ...compileTable(json) };
		case 'ActionSet':
			return {
				...base,
				kind: 'ActionSet',
				classes: mapRead(base.classes, (classes) => `${classes}${alignmentClass(json)}`),
				actions: compileActions(json['actions'])
			};
		default:
			return compileInput(json, base);
	}
}

export type Common = Pick<Element, 'id' | 'classes' | 'visible'>;

function common(json: JsonObject): Common {
	return {
		id: typeof json['id'] === 'string' ? readString(json['id']) : undefined,
		classes: elementClasses(json),
		visible: 'isVisible' in json ? readCondition(json['isVisible']) : undefined
	};
}

export function both(a: Read<string>, b: Read<string>): Read<string> {
	return a.constant && b.constant
		? constant(`${a(undefined as never)} ${b(undefined as never)}`)
		: (scope) => `${a(scope)} ${b(scope)}`;
}

function action(json: JsonObject): Action | undefined {
	const select = json['selectAction'];
	return isObject(select) ? compileAction(select) : undefined;
}

function text(json: JsonObject) {
	const heading = word(json['style'], ['default', 'heading'], 'default') === 'heading';
	const first = word(json['size'], ['default', 'extraLarge'], 'default') === 'extraLarge';
	const boxed = json['wrap'] !== true || json['maxLines'] !== undefined;
	return { content: readContent(json['text']), boxed, level: heading ? (first ? 1 : 2) : undefined };
}

function runs(json: Json | undefined): Slot<TextRun>[] {
	const inlines = Array.isArray(json) ? (json as readonly Json[]) : [];
	return inlines.flatMap((inline): Slot<TextRun>[] => {
		if (typeof inline === 'string')
			return [slot({}, { text: readString(inline), classes: constant('ac-text'), action: undefined })];
		if (!isObject(inline) || inline['type'] !== 'TextRun') return [];
		return [
			slot(inline, { text: readString(inline['text']), classes: runClasses(inline), action: action(inline) })
		];
	});
}

function image(json: JsonObject): Image {
	const base = common(json);
	return {
		...base,
		kind: 'Image',
		classes: both(base.classes, constant(`ac-image-box${alignmentClass(json)}`)),
		url: mapRead(readOptional(json['url']), (url) => url && safeImage(url)),
		alt: readString(json['altText']),
		width: pixels(json['width']),
		height: pixels(json['height']),
		imageClasses: imageClasses(json),
		action: action(json)
	};
}

function images(json: JsonObject): Slot<Image>[] {
	return objects(json['images'])
		.filter((item) => item['type'] === 'Image' || item['type'] === undefined)
		.map((item) => slot(item, image({ size: json['imageSize'] ?? 'medium', ...item })));
}

function columns(json: JsonObject) {
	const list = objects(json['columns']).filter(
		(column) => column['type'] === 'Column' || column['type'] === undefined
	);
	const total = totalWeight(list.map((column) => column['width']));
	return list.map((column) => {
		const { id, visible } = common(column);
		return slot(column, {
			...compileContainer(column, ` ac-column ${widthClass(column['width'], total)}`),
			id,
			visible
		});
	});
}

function columnSetClasses(json: JsonObject): Read<string> {
	const style = word(
		json['style'],
		['default', 'emphasis', 'good', 'attention', 'warning', 'accent'],
		'default'
	);
	const many = objects(json['columns']).length > 2 ? ' ac-columns-many' : '';
	const least = pixels(json['minHeight']);
	const height = least ? ` ac-min-${Math.min(600, Math.max(10, Math.round(least / 10) * 10))}` : '';
	return constant(
		`ac-columns${style === 'default' ? '' : ` ac-style-${style}`}${many}${height}${alignmentClass(json)}`
	);
}

function facts(json: JsonObject) {
	return objects(json['facts']).map((fact) =>
		slot(fact, { title: readContent(fact['title']), value: readContent(fact['value']) })
	);
}
