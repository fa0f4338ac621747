import type { Diagnostic } from '#kernel';
import { quote } from '#engine/schema';
import {
	changeText,
	estimated,
	isServed,
	missingIndexes,
	nameOf,
	scanTexts,
	stepText,
	worstOf,
	type EstimatedStep,
	type MissingIndex,
	type Sizes,
	type StageCost,
	type TableIndexes
} from '#engine/view';
import type { CostedView } from './cost.ts';
import type {
	ChangeDescription,
	LiveDescription,
	MissingDescription,
	StepDescription,
	ViewDescription
} from './types.ts';

/** A table of so few rows is read as a whole as fast as by an index. */
const smallRows = 500;

export interface Known {
	readonly sizes: Sizes;
	readonly indexes: TableIndexes;
	readonly live: LiveDescription | undefined;
}

export function describeView(
	{ name, file, kind, cost }: CostedView,
	{ sizes, indexes, live }: Known
): ViewDescription {
	const { stages } = cost;
	return {
		name,
		file,
		kind,
		live,
		stages,
		diagnostics: [],
		missing: missingIndexes(cost, indexes).map((one) => missing(one, sizes)),
		changes: cost.changes.map((change): ChangeDescription => {
			const steps = estimated(change, sizes, indexes);
			const worst = worstOf(steps);
			return {
				table: change.table,
				alias: change.alias,
				stage: titleIn(stages, change.stage),
				class: worst.class,
				about: worst.about,
				text: changeText(steps, stages),
				steps: steps.map((step) => describeStep(step, stages, indexes))
			};
		})
	};
}

export function refusedView(file: string, diagnostics: readonly Diagnostic[]): Omit<ViewDescription, 'live'> {
	const name = file.slice('views/'.length, -'.sql'.length);
	return { name, file, kind: 'maintained', stages: [], changes: [], missing: [], diagnostics };
}

function describeStep(
	step: EstimatedStep,
	stages: readonly StageCost[],
	indexes: TableIndexes
): StepDescription {
	return {
		stage: titleIn(stages, step.stage),
		class: step.class,
		about: step.about,
		text: [stepText(step), ...scanTexts(step.scans, stages)].join('; '),
		lookups: step.hops
			.filter(({ finds }) => finds !== 'some')
			.map((hop) => ({
				relation: nameOf(hop.relation, stages),
				columns: hop.columns.filter((column) => !column.startsWith('_')),
				indexed: isServed(hop, indexes)
			}))
	};
}

function titleIn(stages: readonly StageCost[], hash: string): string {
	return stages.find((stage) => stage.hash === hash)!.title;
}

function missing({ table, columns }: MissingIndex, sizes: Sizes): MissingDescription {
	const rows = sizes.get(table);
	return {
		table,
		columns,
		rows,
		small: rows !== undefined && rows < smallRows,
		sql: `CREATE INDEX ON ${quote(table)} (${columns.map(quote).join(', ')});`
	};
}
