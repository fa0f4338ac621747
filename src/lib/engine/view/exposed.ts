import {
	dependsOf,
	identity,
	isConstant,
	leaves,
	mapped,
	printAggregate,
	windowsIn,
	type AggregateExpression,
	type Dependence,
	type Expression
} from './expression.ts';
import { groupPart } from './grouping.ts';
import { hasAround, hasWithin, ownNumber } from './inner-clauses.ts';
import type { Clauses, Output } from './query.ts';
import { expressionOf, type SqlParts } from './sql-parts.ts';
import { isNotNull, isText } from './traits.ts';

/** How a column of a stage is written where the stage is looked up. */
export type Refer = (
	name: string,
	traits: { readonly text: boolean; readonly notNull: boolean }
) => Expression;

/** Under an alias that only the text has in which it stands. */
export function referTo(alias: string): Refer {
	return (name, traits) => expressionOf([`${alias}."${name}"`], { ...traits, within: true });
}

/** What of a subquery's rows its stage has to give: the largest parts of its expressions that are of a row alone. */
export class Exposed {
	readonly #clauses: Clauses;
	readonly #base: number;
	readonly #refer: Refer;
	readonly #outputs = new Map<string, Output>();
	readonly #within: Dependence[] = [];

	constructor(clauses: Clauses, refer: Refer) {
		this.#clauses = clauses;
		this.#base = clauses.scope.base ?? 0;
		this.#refer = refer;
	}

	/** An expression of a row, over the stage's rows and the SELECT around. */
	overRows(expression: Expression): Expression {
		return mapped(expression, (part) => this.#ofRow(part));
	}

	/** The same of a row or, where the subquery has groups, of a group. */
	over(expression: Expression): Expression {
		const { grouping } = this.#clauses;
		if (!grouping) return this.overRows(expression);
		return mapped(expression, (part) => {
			if (groupPart(grouping, part)) return this.overRows(part);
			if (part.kind !== 'aggregate') return this.#apart(part, (inner) => this.over(inner));
			const ofRows = mapped(part, (arg) => (arg === part ? undefined : this.#ofRow(arg)));
			return expressionOf(aggregateParts(ofRows as typeof part), { within: true });
		});
	}

	/**
	 * What subqueries within it depend on: rows of the stage stand between those and the SELECT around. `on`
	 * connects the stage with the latter.
	 */
	within(stage: number, alias: string, on: readonly Expression[]): Dependence[] {
		return this.#within.map((one) => ({
			...one,
			via: [...one.via, { stage, alias }],
			on: one.on && [...one.on, ...on]
		}));
	}

	nameOf(expression: Expression): string {
		return this.#output(expression).name;
	}

	/** A stage has one column at least. */
	outputs(): Output[] {
		const outputs = [...this.#outputs.values()];
		return outputs.length > 0
			? outputs
			: [{ name: 'c0', expression: expressionOf(['true'], { notNull: true }) }];
	}

	#ofRow(part: Expression): Expression | undefined {
		return this.#isOfRow(part) ? this.#expose(part) : this.#apart(part, (inner) => this.overRows(inner));
	}

	#isOfRow(part: Expression): boolean {
		if (hasAround(part, this.#base) || isConstant(part) || windowsIn(part).length > 0) return false;
		return ![...leaves(part)].some((leaf) => leaf.kind === 'aggregate');
	}

	/** A subquery of a row of both: what it depends on is told apart. */
	#apart(part: Expression, over: (inner: Expression) => Expression): Expression | undefined {
		if (part.kind !== 'compound' || !part.depends || !hasWithin(part, this.#base)) return undefined;
		const { depends, ...rest } = part;
		const ofRows = (condition: Expression) => mapped(condition, (inner) => this.#ofRow(inner));
		this.#within.push(...depends.map((one) => ({ ...one, on: one.on?.map(ofRows) })));
		return over(rest);
	}

	#expose(expression: Expression): Expression {
		const { scope } = this.#clauses;
		return this.#refer(this.#output(expression).name, {
			text: isText(scope, expression),
			notNull: isNotNull(scope, expression)
		});
	}

	#output(expression: Expression): Output {
		const own = ownNumber(expression, this.#base);
		const key = identity(own);
		const output = this.#outputs.get(key) ?? { name: `c${this.#outputs.size}`, expression: own };
		this.#outputs.set(key, output);
		return output;
	}
}

/** Those of conditions that no subquery decides. */
export function withoutSubqueries(conditions: readonly Expression[]): Expression[] {
	return conditions.filter((condition) => dependsOf(condition).length === 0);
}

/** An aggregate as text with expressions in it: it is of another SELECT than the one that it is printed in. */
export function aggregateParts(aggregate: AggregateExpression): SqlParts {
	return marked((mark) => printAggregate(aggregate, mark));
}

/** Text that is made with marks where expressions stand. */
export function marked(build: (mark: (expression: Expression) => string) => string): SqlParts {
	const found: Expression[] = [];
	const text = build((expression) => `\u0001${found.push(expression) - 1}\u0001`);
	return text.split('\u0001').map((part, index) => (index % 2 === 0 ? part : found[Number(part)]!));
}
