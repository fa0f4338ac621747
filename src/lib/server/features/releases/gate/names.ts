import type { TableSpec, Schema } from '#engine/schema';
import type { ViewColumn, ViewSpec } from '#engine/view';
import type { PlannedView } from './views.ts';

/** A view that pages and module.json may name. What a broken file leaves unknown is undefined. */
export interface KnownView {
	readonly name: string;
	/** Undefined: its file, or what it reads, is broken. */
	readonly columns: readonly string[] | undefined;
	/** The same with the types that Postgres told; undefined also where it could not be asked. */
	readonly typed: readonly ViewColumn[] | undefined;
}

/** What files of a module may name. Nothing is said of a name that only a broken file could explain. */
export interface Names {
	readonly views: readonly KnownView[];
	/** Undefined: schema.proto is broken, so any table and any command may be meant. */
	readonly schema: Schema | undefined;
	/** Addresses of the pages, those of broken ones too. */
	readonly routes: readonly string[];
}

/** Files of views/ in what is known of them, and the views that tables have by themselves. */
export function knownViews(
	files: readonly string[],
	planned: readonly PlannedView[],
	specs: readonly ViewSpec[]
): KnownView[] {
	const implicit = specs.filter((spec) => !files.some((name) => name === spec.name));
	const own = files.map((name) => {
		const typed = specs.find((spec) => spec.name === name)?.columns;
		const plan = planned.find((one) => one.plan.name === name)?.plan;
		return { name, typed, columns: plan?.query.outputs.map((output) => output.name) };
	});
	return [...own, ...implicit.map(fromSpec)];
}

function fromSpec({ name, columns }: ViewSpec): KnownView {
	return { name, typed: columns, columns: columns.map((column) => column.name) };
}

/** The table that a standard method works on. */
export function tableNamed({ schema }: Names, name: string): TableSpec | undefined {
	return schema?.tables.find((table) => table.name === name);
}
