import type { Diagnostic } from '#kernel';
import type { CostClass, MissingIndex, StageCost } from '#engine/view';
import type { Lag, ViewStatus } from '#core/views';

/** A view with its plan, what a change of each of its tables costs, and how it does. */
export interface ViewDescription {
	readonly name: string;
	/** Path in the module; empty: the view that a table has under its own name. */
	readonly file: string;
	readonly kind: 'through' | 'maintained';
	/** Each after those that it reads; none where the view is refused. */
	readonly stages: readonly StageCost[];
	readonly changes: readonly ChangeDescription[];
	readonly missing: readonly MissingDescription[];
	/** Why it has no plan. */
	readonly diagnostics: readonly Diagnostic[];
	/** Undefined where the release in place has no view of that name. */
	readonly live: LiveDescription | undefined;
}

export interface ChangeDescription {
	readonly table: string;
	/** What the author calls it there. */
	readonly alias: string;
	/** Title of the stage in which it stands. */
	readonly stage: string;
	readonly class: CostClass;
	/** Rows, or groups; undefined where nothing is known of the sizes. */
	readonly about: number | undefined;
	readonly text: string;
	readonly steps: readonly StepDescription[];
}

export interface StepDescription {
	readonly stage: string;
	readonly class: CostClass;
	readonly about: number | undefined;
	readonly text: string;
	readonly lookups: readonly LookupDescription[];
}

export interface LookupDescription {
	/** A table, or the title of a stage. */
	readonly relation: string;
	/** None: all of it is read. */
	readonly columns: readonly string[];
	readonly indexed: boolean;
}

export interface MissingDescription extends MissingIndex {
	/** Rows of the table now. */
	readonly rows: number | undefined;
	/** So few that it makes no difference yet. */
	readonly small: boolean;
	readonly sql: string;
}

export interface LiveDescription extends Pick<
	ViewStatus,
	'state' | 'error' | 'bytes' | 'rows' | 'build' | 'activity'
> {
	/** Whether it is the view that is described; otherwise the one of the same name that the release has. */
	readonly isSame: boolean;
	/** Undefined: no node maintains the views. */
	readonly lag: Lag | undefined;
}

export interface ViewsDescription {
	readonly views: readonly ViewDescription[];
	/** What keeps all views from being planned. */
	readonly diagnostics: readonly Diagnostic[];
	/** Short hash of the release whose sizes are told; undefined: nothing is installed. */
	readonly release: string | undefined;
}
