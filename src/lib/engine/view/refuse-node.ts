import type { Node } from '#engine/sql';
import { refuseClock } from './moments.ts';
import { notYet, refuse } from './refusal.ts';

const nodeNames: Readonly<Record<string, readonly [what: string, hint: string]>> = {
	ParamRef: ['parameters ($1)', 'Filter in the page with where and param().'],
	CollateClause: ['COLLATE', 'Sort in the page.'],
	RowExpr: ['a row value', 'Compare the columns one by one.'],
	JsonArrayAgg: ['JSON_ARRAYAGG', 'Write jsonb_agg(value ORDER BY …).'],
	JsonObjectAgg: ['JSON_OBJECTAGG', 'Write jsonb_object_agg(key, value).'],
	SetToDefault: ['DEFAULT', 'Write the value.']
};

export function refuseNode(node: Node | undefined): never {
	const kind = Object.keys(node ?? {})[0] ?? 'nothing';
	const body = (
		node as Record<string, { location?: number; constructor?: { location?: number } }> | undefined
	)?.[kind];
	if (kind === 'SQLValueFunction') {
		const { op = '', location } = (node as Extract<Node, { SQLValueFunction: unknown }>).SQLValueFunction;
		const name = op.replace(/^SVFOP_|_N$/g, '').toLowerCase();
		if (/current_(date|time)|local/.test(name)) refuseClock(name, location);
		refuse(
			location,
			'VIEW_FUNCTION',
			`${name} depends on who reads, and a view is the same for all.`,
			'Filter by the reader with a rule of "access" in module.json.'
		);
	}
	const [what, hint] = nodeNames[kind] ?? [
		`this construct (${kind})`,
		'Write it with columns, operators, CASE and built-in functions.'
	];
	notYet(body?.location ?? body?.constructor?.location, what, hint);
}
