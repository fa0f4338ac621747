import type { Diagnostic } from '#kernel';
import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { limits } from './limits.ts';
import { properties, property, text } from './nodes.ts';
import { Report } from './report.ts';
import type { BindingShapes } from './data-scope.ts';
import { Walk } from './walk.ts';

export interface CardContext {
	/** The page's bindings, with their columns where they are known. */
	readonly bindings: BindingShapes;
}

/**
 * Every finding in a page's file, or in a file that is a card alone: JSON, size, elements, addresses,
 * expressions and the names that they read. No error means that the card compiles and draws.
 */
export function validateCard(file: string, source: string, context: CardContext): Diagnostic[] {
	const report = new Report(file, source);
	if (source.length > limits.size) {
		const most = `${limits.size / 1024} KiB`;
		report.at(
			'error',
			0,
			1,
			'CARD_TOO_LARGE',
			`The file is larger than ${most}.`,
			'Split the page into several.'
		);
		return report.diagnostics;
	}
	const tree = parse(source, report);
	if (!tree || !withinLimits(tree, report)) return report.diagnostics;
	const card = text(property(tree, 'type')) === 'AdaptiveCard' ? tree : property(tree, 'card');
	const walk = new Walk(report, context.bindings);
	walk.syntax(tree);
	if (card) walk.root(card);
	else
		report.error(
			tree,
			'CARD_MISSING',
			'There is no card here.',
			'Add "card": {"type": "AdaptiveCard", "body": [...]}.'
		);
	const title = card === tree ? undefined : property(tree, 'title');
	if (title) walk.expressions(title, { kind: 'root' });
	return report.diagnostics;
}

function parse(source: string, report: Report): Node | undefined {
	const errors: ParseError[] = [];
	const tree = parseTree(source, errors, { allowTrailingComma: false, disallowComments: true });
	for (const error of errors) {
		report.at('error', error.offset, error.length, 'JSON_SYNTAX', `This is not JSON: ${words(error)}.`);
	}
	if (errors.length > 0) return undefined;
	if (tree?.type === 'object') return tree;
	report.at('error', 0, source.length, 'CARD_NOT_OBJECT', 'A page is a JSON object.', 'Begin with {.');
	return undefined;
}

/** `CommaExpected` as people write it. */
function words(error: ParseError): string {
	return printParseErrorCode(error.error)
		.replace(/([a-z])([A-Z])/g, '$1 $2')
		.toLowerCase();
}

function withinLimits(tree: Node, report: Report): boolean {
	let nodes = 0;
	let tooDeep: Node | undefined;
	const visit = (node: Node, depth: number): void => {
		nodes++;
		if (depth > limits.depth) tooDeep ??= node;
		if (nodes > limits.nodes || tooDeep) return;
		for (const child of node.type === 'object'
			? [...properties(node).values()].map((p) => p.value)
			: (node.children ?? [])) {
			if (child.type === 'object' || child.type === 'array') visit(child, depth + 1);
		}
	};
	visit(tree, 0);
	if (tooDeep)
		report.error(tooDeep, 'CARD_TOO_DEEP', `Elements are nested deeper than ${limits.depth} levels.`);
	if (nodes > limits.nodes)
		report.error(tree, 'CARD_TOO_MANY_NODES', `The card has more than ${limits.nodes} parts.`);
	return !tooDeep && nodes <= limits.nodes;
}
