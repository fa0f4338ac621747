import type { Transaction } from './arbitrary-change.ts';
import type { ModelTable } from './arbitrary-schema.ts';
import type { Query } from './arbitrary-syntax.ts';

/** A module's tables and views, rows to begin with, and what is written after. */
export interface Case {
	readonly tables: readonly ModelTable[];
	readonly views: readonly ModelView[];
	readonly rows: Transaction;
	readonly transactions: readonly Transaction[];
}

export interface ModelView {
	readonly name: string;
	readonly query: Query;
}
