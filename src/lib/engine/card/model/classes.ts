import type { Json } from '#kernel';
import { combine, constant, mapRead, type Read } from '../template/read.ts';
import { pixels, readBoolean, readWord, word, type JsonObject } from './json.ts';

/**
 * Looks become classes, never inline styles: a strict content security policy forbids those. Widths
 * come in steps, the classes for which stand in client/ui's cards.css.
 */
const spacings = [
	'none',
	'small',
	'default',
	'medium',
	'large',
	'extraLarge',
	'padding',
	'extraSmall'
] as const;
const styles = ['default', 'emphasis', 'good', 'attention', 'warning', 'accent'] as const;
const alignments = ['left', 'center', 'right'] as const;
export const colors = ['default', 'dark', 'light', 'accent', 'good', 'warning', 'attention'] as const;
const sizes = ['default', 'small', 'medium', 'large', 'extraLarge'] as const;
const weights = ['default', 'lighter', 'bolder'] as const;

/** Space above, separator and height, as every element has them. */
export function elementClasses(json: JsonObject): Read<string> {
	const spacing = word(json['spacing'], spacings, 'default');
	const separator = readBoolean(json['separator'], false);
	const stretch = word(json['height'], ['auto', 'stretch'], 'auto') === 'stretch' ? ' ac-grow' : '';
	const base = `ac-sp-${spacing}${stretch}`;
	return mapRead(separator, (line) => (line ? `${base} ac-line` : base));
}

export function textClasses(json: JsonObject): Read<string> {
	const wrap = readBoolean(json['wrap'], false);
	const lines = typeof json['maxLines'] === 'number' ? Math.min(20, Math.floor(json['maxLines'])) : 0;
	const fixed = [
		prefixed('ac-al-', word(json['horizontalAlignment'], alignments, 'left'), 'left'),
		lines > 0 ? ` ac-lines-${lines}` : '',
		word(json['style'], ['default', 'heading', 'columnHeader'], 'default') === 'heading' ? ' ac-heading' : ''
	].join('');
	return combine(
		[runClasses(json), wrap],
		(run, wraps) => `${run}${wraps || lines > 1 ? '' : ' ac-nowrap'}${fixed}`
	);
}

/** What a run of text has of its own: size, weight, colour, font. */
export function runClasses(json: JsonObject): Read<string> {
	return combine(
		[
			readWord(json['size'], sizes, 'default'),
			readWord(json['weight'], weights, 'default'),
			readWord(json['color'], colors, 'default'),
			readBoolean(json['isSubtle'], false),
			readWord(json['fontType'], ['default', 'monospace'], 'default'),
			decorations(json)
		],
		(size, weight, color, subtle, font, more) =>
			'ac-text' +
			prefixed('ac-size-', size, 'default') +
			prefixed('ac-weight-', weight, 'default') +
			prefixed('ac-color-', color, 'default') +
			(subtle ? ' ac-subtle' : '') +
			prefixed('ac-font-', font, 'default') +
			more
	);
}

function decorations(json: JsonObject): Read<string> {
	const names = ['italic', 'strikethrough', 'underline', 'highlight'];
	return constant(
		names
			.filter((name) => json[name] === true)
			.map((name) => ` ac-${name}`)
			.join('')
	);
}

export function containerClasses(json: JsonObject): Read<string> {
	const style = readWord(json['style'], styles, 'default');
	const vertical = word(json['verticalContentAlignment'], ['top', 'center', 'bottom'], 'top');
	const least = pixels(json['minHeight']);
	const fixed = [
		prefixed('ac-va-', vertical, 'top'),
		least ? ` ac-min-${step(least, 10, 600)}` : '',
		json['bleed'] === true ? ' ac-bleed' : '',
		json['rtl'] === true ? ' ac-rtl' : ''
	].join('');
	return mapRead(style, (name) => `${prefixed('ac-style-', name, 'default')}${fixed}`);
}

/** A column's share: `auto`, `stretch`, a weight or pixels. */
export function widthClass(json: Json | undefined, total: number): string {
	if (json === undefined || json === 'stretch') return 'ac-w-stretch';
	if (json === 'auto') return 'ac-w-auto';
	if (typeof json === 'string' && json.endsWith('px')) {
		const width = pixels(json);
		return width ? `ac-px-${step(width, 4, 480)}` : 'ac-w-auto';
	}
	const weight = pixels(json);
	return weight
		? `ac-share-${Math.max(1, Math.round((weight / Math.max(total, weight)) * 100))}`
		: 'ac-w-auto';
}

/** Sum of the weights, against which each share is taken. */
export function totalWeight(widths: readonly (Json | undefined)[]): number {
	return widths.reduce<number>((sum, width) => {
		const weighs = typeof width === 'number' || (typeof width === 'string' && /^\d+(\.\d+)?$/.test(width));
		return sum + (weighs ? (pixels(width) ?? 0) : 0);
	}, 0);
}

export function imageClasses(json: JsonObject): Read<string> {
	const sized = pixels(json['width']) !== undefined || pixels(json['height']) !== undefined;
	return combine(
		[
			readWord(json['size'], ['auto', 'stretch', 'small', 'medium', 'large'], 'auto'),
			readWord(json['style'], ['default', 'person', 'roundedCorners'], 'default')
		],
		(size, style) => `ac-image${sized ? '' : ` ac-image-${size}`}${prefixed('ac-image-', style, 'default')}`
	);
}

export function alignmentClass(json: JsonObject): string {
	return prefixed('ac-at-', word(json['horizontalAlignment'], alignments, 'left'), 'left');
}

function prefixed(prefix: string, value: string, none: string): string {
	return value === none ? '' : ` ${prefix}${value}`;
}

function step(value: number, by: number, most: number): number {
	return Math.min(most, Math.max(by, Math.round(value / by) * by));
}
