import type { ModelTable } from './arbitrary-schema.ts';
import type { Expr, From, Query, Select } from './arbitrary-syntax.ts';
import { nodesOf, type Node } from './arbitrary-tree.ts';

/** Names of the constructs that a SELECT is made of, as a report counts them. */
export function constructsOf(query: Query, tables: readonly ModelTable[]): Set<string> {
	const found = new Set<string>();
	const generated = new Set(
		tables.flatMap(({ columns }) => columns.filter((c) => c.generated).map((c) => c.name))
	);
	const enums = new Set(tables.flatMap(({ columns }) => columns.filter((c) => c.check).map((c) => c.name)));
	for (const node of nodesOf(query)) {
		for (const name of constructs(node)) found.add(name);
		if (node.kind === 'column') {
			if (generated.has(node.name)) found.add('generated column');
			if (enums.has(node.name)) found.add('enum');
		}
		if (node.kind === 'table') {
			const key = tables.find(({ name }) => name === node.name)?.key ?? [];
			if (key.length > 1) found.add('composite key');
		}
	}
	if (found.size === 0) found.add('filter, project');
	return found;
}

function constructs(node: Node): string[] {
	switch (node.kind) {
		case 'select':
			return [...selectConstructs(node), ...tailConstructs(node)];
		case 'set':
			return [node.operator + (node.all ? ' ALL' : ''), ...tailConstructs(node)];
		case 'table':
			return node.source === 'view' ? ['view on view'] : [];
		case 'query':
			return node.lateral
				? ['LATERAL', ...(node.query.limit === undefined ? [] : ['top-k per group'])]
				: ['subquery in FROM'];
		case 'rows':
			return [node.construct];
		case 'join':
			return [node.type === 'JOIN' ? 'inner join' : node.type, ...(node.using ? ['USING'] : [])];
		case 'scalar':
			return [node.list ? 'ARRAY (subquery)' : 'scalar subquery'];
		case 'exists':
			return [node.negated ? 'NOT EXISTS' : 'EXISTS'];
		case 'in':
			return [node.operator.endsWith('IN') ? node.operator : `${node.operator.split(' ')[1]} (subquery)`];
		case 'aggregate':
			return aggregateConstructs(node);
		case 'window':
			return [windowConstruct(node.template), ...(node.filter ? ['FILTER'] : [])];
		case 'call':
			return node.construct ? [node.construct] : [];
		case 'column':
		case 'value':
			return [];
		default:
			return [];
	}
}

function tailConstructs({ ctes, order, limit, offset, ties }: Query): string[] {
	return [
		...(ctes.length > 0 ? ['CTE'] : []),
		...(limit !== undefined ? ['top-k'] : order.length > 0 ? ['ORDER BY'] : []),
		...(offset !== undefined ? ['OFFSET'] : []),
		...(ties ? ['WITH TIES'] : [])
	];
}

function selectConstructs({ distinct, from, groups, having }: Select): string[] {
	const tables = from.flatMap(tablesOf);
	return [
		...(distinct === undefined ? [] : [distinct === 'all' ? 'DISTINCT' : 'DISTINCT ON']),
		...(from.length > 1 ? ['inner join'] : []),
		...(new Set(tables).size < tables.length ? ['self join'] : []),
		...groups.map(({ kind }) => (kind === 'plain' ? 'GROUP BY' : 'GROUPING SETS')),
		...(having.length > 0 ? ['HAVING'] : [])
	];
}

function tablesOf(from: From): string[] {
	if (from.kind === 'join') return [...tablesOf(from.left), ...tablesOf(from.right)];
	return from.kind === 'table' ? [from.name] : [];
}

function aggregateConstructs({
	template,
	distinct,
	order,
	within,
	filter
}: Extract<Expr, { kind: 'aggregate' }>): string[] {
	const name = /^\w+/.exec(template)![0];
	const family = /^(count|sum|avg)$/.test(name)
		? 'count, sum, avg'
		: /^(min|max)$/.test(name)
			? 'min, max'
			: within.length > 0
				? 'WITHIN GROUP'
				: order.length > 0
					? 'array, string, JSON aggregates'
					: 'other aggregates';
	return [
		family,
		...(distinct ? ['aggregate DISTINCT'] : []),
		...(order.length > 0 ? ['aggregate ORDER BY'] : []),
		...(filter ? ['FILTER'] : [])
	];
}

function windowConstruct(template: string): string {
	if (/^(row_number|rank|dense_rank|percent_rank|cume_dist|ntile)/.test(template)) return 'window: ranks';
	return /^(lag|lead|first_value|last_value|nth_value)/.test(template)
		? 'window: neighbours'
		: 'window: aggregates';
}
