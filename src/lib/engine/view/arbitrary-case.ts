import fc from 'fast-check';
import { arbitraryRows, arbitraryTransaction } from './arbitrary-change.ts';
import { Choice } from './arbitrary-choice.ts';
import type { NamedRelation } from './arbitrary-making.ts';
import type { Case, ModelView } from './arbitrary-model.ts';
import { arbitraryView } from './arbitrary-query.ts';
import { arbitrarySchema, type ModelTable } from './arbitrary-schema.ts';
import { shrinkings } from './arbitrary-shrink.ts';
import { isOrdered } from './arbitrary-values.ts';

export interface Size {
	readonly views: number;
	readonly transactions: number;
}

export function arbitraryCase(choice: Choice, size: Size): Case {
	const tables = arbitrarySchema(choice);
	return {
		tables,
		views: arbitraryViews(choice, tables, size.views),
		rows: arbitraryRows(choice, tables),
		transactions: choice.times(size.transactions, () => arbitraryTransaction(choice, tables))
	};
}

function arbitraryViews(choice: Choice, tables: readonly ModelTable[], count: number): ModelView[] {
	const sources = tables.map(({ name, columns, key }): NamedRelation => ({
		name,
		source: 'table',
		columns: columns.map((column) => ({ name: column.name, type: column.type, steady: true })),
		identity: key
	}));
	const before: NamedRelation[] = [];
	return choice.times(count, (index) => {
		const name = `v${index}`;
		const { query, columns, identity } = arbitraryView(choice, sources, before);
		// json has no equality: nothing further on can do much with it
		const visible = columns.filter(({ type }) => isOrdered(type));
		if (visible.length > 0)
			before.push({ name, source: 'view', columns: visible, ...(identity ? { identity } : {}) });
		return { name, query };
	});
}

/** Cases as fast-check makes and shrinks them. */
export class ArbitraryCase extends fc.Arbitrary<Case> {
	readonly #size: Size;

	constructor(size: Size) {
		super();
		this.#size = size;
	}

	generate(random: fc.Random): fc.Value<Case> {
		return new fc.Value(arbitraryCase(new Choice(random), this.#size), 0);
	}

	canShrinkWithoutContext(value: unknown): value is Case {
		return typeof value === 'object' && value !== null && 'transactions' in value;
	}

	/** Goes on with the kind of shrinking that helped last, then with the others. */
	shrink(value: Case, context: unknown): fc.Stream<fc.Value<Case>> {
		return new fc.Stream(smallerCases(value, Number(context ?? 0)));
	}
}

function* smallerCases(made: Case, first: number): Generator<fc.Value<Case>> {
	for (const offset of shrinkings.keys()) {
		const index = (first + offset) % shrinkings.length;
		for (const smaller of shrinkings[index]!(made)) yield new fc.Value(smaller, index);
	}
}
