import type { Node } from '#engine/sql';
import type { CatalogColumn, CatalogTable } from './catalog.ts';
import type { Expression } from './expression.ts';
import { readQuery, readSelect, selectOf, type Query } from './query.ts';
import { standingAlone, type Place, type Reading, type StageDraft } from './reading.ts';
import { Refusal, refuse } from './refusal.ts';
import { columnSpec, type Scope, type Source } from './scope.ts';
import { lineageOf, stageKey } from './stage-key.ts';
import { isOutputNotNull } from './grouping.ts';
import { isText } from './traits.ts';

/** Reads a subquery as a stage of its own; returns its index. `names` rename its columns from the first on. */
export function stageOfSubquery(
	place: Place,
	node: Node | undefined,
	title: string,
	names: readonly Node[] | undefined
): number {
	const query = readSelect(standingAlone(place), selectOf(node, undefined), true);
	const outputs = renamed(query.outputs, names ?? []);
	return addStage(place.reading, { title, query: { ...query, outputs }, view: undefined });
}

/** The stage of another view of the module; undefined where there is none of that name. */
export function stageOfView(reading: Reading, name: string, at: number | undefined): number | undefined {
	const known = reading.known.get(name);
	if (known !== undefined) return known;
	const found = reading.views.get(name);
	if (!found) return undefined;
	if (reading.path.includes(name))
		refuse(
			at,
			'VIEW_CIRCLE',
			`"${name}" reads itself: ${[...reading.path.slice(reading.path.indexOf(name)), name].join(' reads ')}.`,
			'A view can read only views that do not read it.'
		);
	const query = readOther({ ...reading, path: [...reading.path, name] }, found, at);
	const stage = addStage(reading, { title: `view ${name}`, query, view: found.view });
	reading.known.set(name, stage);
	return stage;
}

/** What is wrong in another file is told there; here it is only that it cannot be read. */
function readOther(
	reading: Reading,
	{ view, parsed }: NonNullable<ReturnType<Reading['views']['get']>>,
	at: number | undefined
): Query {
	try {
		return readQuery(reading, parsed);
	} catch (error) {
		if (!(error instanceof Refusal) || error.reason === 'VIEW_CIRCLE') throw error;
		return refuse(
			at,
			'VIEW_OF_REFUSED',
			`The view "${view.name}" cannot be kept: ${error.message}`,
			error.hint
		);
	}
}

/** Its index among the stages. */
export function addStage(reading: Reading, draft: StageDraft): number {
	return reading.stages.push(draft) - 1;
}

/** Columns of which the first ones have other names. */
export function renamed<Column extends { readonly name: string }>(
	columns: readonly Column[],
	names: readonly Node[]
): readonly Column[] {
	const texts = names.map((node) => ('String' in node ? (node.String.sval ?? '') : ''));
	if (texts.length > columns.length)
		refuse(
			undefined,
			'VIEW_COLUMN_NAME',
			`There are ${texts.length} names for ${columns.length} columns.`,
			'Give at most one name a column.'
		);
	return columns.map((column, index) => ({ ...column, name: texts[index] ?? column.name }));
}

/** A stage as it stands in FROM. */
export function stageSource(reading: Reading, stage: number, alias: string, at: number | undefined): Source {
	return { alias, at, stage, table: stageTable(stage, reading.stages[stage]!.query) };
}

/** A stage as a table; types that only Postgres knows are '' until `finishView`. */
export function stageTable(
	stage: number,
	query: Query,
	lineage: readonly number[] = lineageOf(query)
): CatalogTable {
	const key = stageKey(query, lineage);
	const outputs = query.outputs.map(({ name, expression }): CatalogColumn => ({
		name,
		...typeOf(query.scope, expression),
		nullable: !isOutputNotNull(query, expression)
	}));
	return { name: `{#${stage}}`, columns: [...outputs, ...key], key: key.map((column) => column.name) };
}

function typeOf(scope: Scope, expression: Expression): { type: string; array: boolean } {
	if (expression.kind === 'column') {
		const { type, array } = columnSpec(scope, expression);
		return { type, array };
	}
	return { type: isText(scope, expression) ? 'text' : '', array: false };
}
