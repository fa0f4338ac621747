import type { Node } from 'jsonc-parser';
import { nearest } from '#kernel';
import { ExpressionSyntaxError, type Expression } from '../language/ast.ts';
import { safeImage, safeLink } from '../markdown/urls.ts';
import { compileExpression } from '../template/compile.ts';
import { parseTemplate } from '../template/read.ts';
import { scopeOf, unknownNames, type BindingShapes, type DataScope } from './data-scope.ts';
import { items, properties, property, text, type Property } from './nodes.ts';
import type { Report } from './report.ts';
import { actionRules, elementRules, partRules, wordsOf, type ElementRule } from './vocabulary.ts';

/** One pass over a card, minding at every place what `$data` is there. */
export class Walk {
	readonly #report: Report;
	readonly #bindings: BindingShapes;
	readonly #ids = new Map<string, Node>();
	readonly #targets: { id: string; node: Node }[] = [];

	constructor(report: Report, bindings: BindingShapes) {
		this.#report = report;
		this.#bindings = bindings;
	}

	root(card: Node): void {
		this.#card(card, { kind: 'root' });
		for (const { id, node } of this.#targets) {
			if (this.#ids.has(id)) continue;
			this.#report.error(
				node,
				'CARD_UNKNOWN_TARGET',
				`No element has the id "${id}".`,
				this.#mean(id, [...this.#ids.keys()])
			);
		}
	}

	#card(card: Node, outer: DataScope): void {
		if (card.type !== 'object' || text(property(card, 'type')) !== 'AdaptiveCard') {
			this.#report.error(card, 'CARD_TYPE', 'A card has "type": "AdaptiveCard".');
			return;
		}
		const scope = this.#scope(card, outer);
		for (const [name, { value }] of properties(card)) {
			if (name === 'body') this.#each(value, (item) => this.#element(item, scope));
			else if (name === 'actions') this.#each(value, (item) => this.#action(item, scope));
			else if (name === 'selectAction') this.#action(value, scope);
			else if (name !== '$data') this.expressions(value, scope);
		}
	}

	#each(list: Node, visit: (item: Node) => void): void {
		if (list.type !== 'array') {
			this.#report.error(list, 'CARD_NOT_A_LIST', 'A list is expected here.', 'Write it as [ ... ].');
			return;
		}
		for (const item of items(list)) {
			if (item.type === 'object') visit(item);
			else
				this.#report.error(
					item,
					'CARD_NOT_AN_OBJECT',
					'An object is expected here.',
					'Write it as {"type": ...}.'
				);
		}
	}

	#element(node: Node, outer: DataScope): void {
		const type = text(property(node, 'type'));
		const rule = type !== undefined && Object.hasOwn(elementRules, type) ? elementRules[type] : undefined;
		if (rule) {
			this.#known(node, type!, rule, outer);
			return;
		}
		const fallback = property(node, 'fallback');
		if (fallback?.type === 'object') this.#element(fallback, this.#scope(node, outer));
		else if (text(fallback)?.toLowerCase() !== 'drop')
			this.#unknown(node, type, Object.keys(elementRules), 'element');
	}

	#unknown(node: Node, type: string | undefined, known: readonly string[], what: string): void {
		const at = property(node, 'type') ?? node;
		const message =
			type === undefined ? `This ${what} has no type.` : `"${type}" is no ${what} that is known here.`;
		const hint = type === undefined ? `Add "type": one of ${known.join(', ')}.` : this.#mean(type, known);
		this.#report.error(
			at,
			`CARD_UNKNOWN_${what.toUpperCase()}`,
			message,
			hint ?? 'Give it a "fallback" made of plain elements.'
		);
	}

	#known(node: Node, type: string, rule: ElementRule, outer: DataScope): void {
		const scope = this.#scope(node, outer);
		const own = properties(node);
		for (const name of rule.required) {
			if (!own.has(name)) this.#report.error(node, 'CARD_MISSING_PROPERTY', `${type} needs "${name}".`);
		}
		this.#id(type, own.get('id'));
		for (const [name, { value }] of own) this.#property(type, rule, name, value, scope);
	}

	#property(type: string, rule: ElementRule, name: string, value: Node, scope: DataScope): void {
		const part = rule.children && Object.hasOwn(rule.children, name) ? rule.children[name] : undefined;
		if (name === '$data') return;
		if (rule.elements?.includes(name)) this.#each(value, (item) => this.#element(item, scope));
		else if (rule.actions?.includes(name)) this.#each(value, (item) => this.#action(item, scope));
		else if (part) this.#parts(part, value, scope);
		else if (name === 'selectAction' || name === 'inlineAction') this.#action(value, scope);
		else if (name === 'fallback') this.#fallback(value, scope);
		else {
			this.expressions(value, scope);
			this.#word(type, name, value);
			this.#special(type, name, value);
		}
	}

	#parts(part: string, list: Node, scope: DataScope): void {
		if (list.type !== 'array') return this.#each(list, () => {});
		for (const item of items(list)) {
			if (part === 'TextRun' && item.type === 'string') this.expressions(item, scope);
			else if (item.type === 'object') this.#part(part, item, scope);
			else this.#report.error(item, 'CARD_NOT_AN_OBJECT', `A ${part} is an object.`);
		}
	}

	#part(part: string, item: Node, scope: DataScope): void {
		const type = text(property(item, 'type'));
		if (type === undefined || type === part) return this.#known(item, part, partRules[part]!, scope);
		const fallback = property(item, 'fallback');
		if (fallback?.type === 'object') return this.#part(part, fallback, scope);
		if (text(fallback)?.toLowerCase() !== 'drop') this.#unknown(item, type, [part], 'element');
	}

	#fallback(value: Node, scope: DataScope): void {
		if (value.type === 'object') this.#element(value, scope);
		else if (text(value)?.toLowerCase() !== 'drop') {
			this.#report.error(value, 'CARD_FALLBACK', 'A fallback is an element or "drop".');
		}
	}

	#action(node: Node, outer: DataScope): void {
		const type = text(property(node, 'type'));
		const required = type !== undefined && Object.hasOwn(actionRules, type) ? actionRules[type] : undefined;
		const fallback = property(node, 'fallback');
		if (!required) {
			if (fallback?.type === 'object') this.#action(fallback, this.#scope(node, outer));
			else if (text(fallback)?.toLowerCase() !== 'drop')
				this.#unknown(node, type, Object.keys(actionRules), 'action');
			return;
		}
		const scope = this.#scope(node, outer);
		const own = properties(node);
		for (const name of required) {
			if (!own.has(name)) this.#report.error(node, 'CARD_MISSING_PROPERTY', `${type} needs "${name}".`);
		}
		for (const [name, { value }] of own) this.#actionProperty(type!, name, value, scope);
	}

	#actionProperty(type: string, name: string, value: Node, scope: DataScope): void {
		if (name === '$data') return;
		if (type === 'Action.ShowCard' && name === 'card') this.#card(value, scope);
		else if (name === 'targetElements') this.#collectTargets(value);
		else if (name === 'fallback') return;
		else if (name === 'then') this.#then(value);
		else {
			this.expressions(value, scope);
			this.#word(type, name, value);
			this.#special(type, name, value);
		}
	}

	/** `${$response.id}` is known only when the answer is there: the syntax alone is checked. */
	#then(value: Node): void {
		if (value.type !== 'object')
			this.#report.error(
				value,
				'CARD_THEN',
				'"then" is an object.',
				'Write {"open": "...", "message": "..."}.'
			);
		this.expressions(value, { kind: 'unknown' });
	}

	#collectTargets(value: Node): void {
		for (const item of items(value)) {
			const node = item.type === 'object' ? property(item, 'elementId') : item;
			const id = text(node);
			if (node && id !== undefined && !id.includes('${')) this.#targets.push({ id, node });
		}
	}

	#id(type: string, id: Property | undefined): void {
		const name = text(id?.value);
		if (name === undefined || name.includes('${')) return;
		const taken = this.#ids.has(name) && type.startsWith('Input.');
		if (taken)
			this.#report.warning(
				id!.value,
				'CARD_DUPLICATE_ID',
				`The id "${name}" is used twice: one input would hide the other.`
			);
		this.#ids.set(name, id!.value);
	}

	#word(type: string, name: string, value: Node): void {
		const known = wordsOf(type, name);
		const word = text(value);
		if (!known || word === undefined || word.includes('${')) return;
		if (known.some((candidate) => candidate.toLowerCase() === word.toLowerCase())) return;
		this.#report.warning(
			value,
			'CARD_UNKNOWN_WORD',
			`"${word}" is no ${name} of ${type}.`,
			this.#mean(word, known) ?? `One of ${known.join(', ')}.`
		);
	}

	#special(type: string, name: string, value: Node): void {
		const constant = text(value);
		if (constant === undefined || constant.includes('${')) return;
		if (name === 'url' && type === 'Action.OpenUrl' && safeLink(constant) === undefined) {
			this.#report.error(
				value,
				'CARD_UNSAFE_URL',
				'This address may not be opened.',
				'Use https:, mailto:, tel: or a path in the module.'
			);
		}
		if (name === 'url' && type === 'Image' && safeImage(constant) === undefined) {
			this.#report.error(
				value,
				'CARD_UNSAFE_URL',
				'This picture may not be loaded.',
				'Use https:, a path, or data:image/….'
			);
		}
		if (name === 'regex') this.#pattern(value, constant);
	}

	#pattern(value: Node, source: string): void {
		try {
			new RegExp(source);
		} catch {
			this.#report.error(value, 'CARD_REGEX', 'This is not a regular expression.');
		}
	}

	/** What `$data` is inside the node; a list or an object written in place can hold anything. */
	#scope(node: Node, outer: DataScope): DataScope {
		const own = properties(node);
		const data = own.get('$data')?.value;
		if (!data) return outer;
		this.expressions(data, outer);
		const expression = data.type === 'string' ? this.#parse(data) : undefined;
		return expression ? scopeOf(expression, outer, this.#bindings) : { kind: 'unknown' };
	}

	/** Checks every text inside the node. */
	expressions(node: Node, scope: DataScope): void {
		if (node.type === 'string') {
			const expression = this.#parse(node);
			if (expression) this.#check(node, expression, scope);
		} else if (node.type === 'object') {
			const inner = this.#scope(node, scope);
			for (const [name, { value }] of properties(node)) if (name !== '$data') this.expressions(value, inner);
		} else for (const child of node.children ?? []) this.expressions(child, scope);
	}

	#parse(node: Node): Expression | undefined {
		try {
			return parseTemplate(String(node.value));
		} catch (error) {
			if (!(error instanceof ExpressionSyntaxError)) throw error;
			return undefined;
		}
	}

	#check(node: Node, expression: Expression, scope: DataScope): void {
		for (const { name, known, where } of unknownNames(expression, scope, this.#bindings)) {
			const list = known.length > 0 ? `There are: ${known.slice(0, 12).join(', ')}.` : undefined;
			this.#report.error(
				node,
				'CARD_UNKNOWN_NAME',
				`"${name}" is not in ${where}.`,
				this.#mean(name, known) ?? list
			);
		}
	}

	#mean(word: string, known: readonly string[]): string | undefined {
		const meant = nearest(word, known);
		return meant === undefined ? undefined : `Did you mean "${meant}"?`;
	}

	/** Reports a bad expression at its place; run over every text once. */
	syntax(node: Node): void {
		if (node.type !== 'string') {
			for (const child of node.children ?? []) this.syntax(child);
			return;
		}
		try {
			const expression = parseTemplate(String(node.value));
			if (expression) compileExpression(expression);
		} catch (error) {
			if (!(error instanceof ExpressionSyntaxError)) throw error;
			const offset = node.offset + 1 + Math.min(error.at, Math.max(0, node.length - 2));
			this.#report.at(
				'error',
				offset,
				Math.max(1, node.offset + node.length - 1 - offset),
				'CARD_EXPRESSION',
				`In this expression ${error.message}.`,
				error.hint
			);
		}
	}
}
