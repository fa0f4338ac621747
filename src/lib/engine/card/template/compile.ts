import { nearest } from '#kernel';
import { EvaluationError, ExpressionSyntaxError, type Expression } from '../language/ast.ts';
import { plainFunctions, tests } from '../functions/index.ts';
import { withLocal, type Scope } from '../language/scope.ts';
import { collection, isNumber, property, stringify, truthy } from '../language/values.ts';

/** An expression as a closure; throws EvaluationError on a value of the wrong kind. */
export type Evaluate = (scope: Scope) => unknown;

type Arguments = readonly Expression[];
type SpecialForm = (args: Arguments, names: Names, at: number) => Evaluate;
/** Parameters of the lambdas around. */
type Names = ReadonlySet<string>;

/** Version of the template language that `$_acTemplateVersion` tells. */
const templateVersion = Object.freeze({ major: 2, minor: 0, patch: 0 });

/**
 * Closures instead of code made of text: the same under a strict content security policy. Throws
 * ExpressionSyntaxError on an unknown function or a wrong number of arguments.
 */
export function compileExpression(expression: Expression, names: Names = new Set()): Evaluate {
	switch (expression.kind) {
		case 'constant': {
			const { value } = expression;
			return () => value;
		}
		case 'name':
			return compileName(expression.name, names);
		case 'member': {
			const object = compileExpression(expression.object, names);
			const name = expression.property;
			return (scope) => property(object(scope), name);
		}
		case 'element':
			return compileElement(expression, names);
		case 'call':
			return compileCall(expression, names);
		case 'text':
			return compileText(expression.parts, names);
		case 'array': {
			const items = expression.items.map((item) => compileExpression(item, names));
			return (scope) => items.map((item) => item(scope));
		}
		case 'object': {
			const entries = expression.entries.map(
				([key, value]) => [key, compileExpression(value, names)] as const
			);
			return (scope) => Object.fromEntries(entries.map(([key, value]) => [key, value(scope)]));
		}
		case 'lambda':
			throw new ExpressionSyntaxError('"=>" stands only in where, select, foreach, any and all', 0);
	}
}

function compileName(name: string, names: Names): Evaluate {
	if (names.has(name)) return (scope) => scope.locals?.[name];
	switch (name) {
		case '$data':
			return (scope) => scope.data;
		case '$root':
			return (scope) => scope.root;
		case '$index':
			return (scope) => scope.index;
		case '$host':
			return (scope) => scope.host;
		case '$response':
			return (scope) => scope.locals?.['$response'];
		case '$_acTemplateVersion':
			return () => templateVersion;
		default:
			return (scope) => property(scope.data, name);
	}
}

function compileElement(
	{ object, index }: { object: Expression; index: Expression },
	names: Names
): Evaluate {
	const [of, at] = [compileExpression(object, names), compileExpression(index, names)];
	return (scope) => {
		const [value, key] = [of(scope), at(scope)];
		if (value === null || value === undefined) return undefined;
		if (typeof key === 'string') return property(value, key);
		if (Array.isArray(value) && isNumber(key)) return value[key] as unknown;
		throw new EvaluationError(`${stringify(key)} is no place in ${stringify(value)}`);
	};
}

function compileText(parts: readonly Expression[], names: Names): Evaluate {
	const evaluate = parts.map((part): Evaluate => {
		const run = compileExpression(part, names);
		return neverFails(part) ? run : (scope) => attempt(run, scope);
	});
	return (scope) => {
		let text = '';
		for (let i = 0; i < evaluate.length; i++) text += stringify(evaluate[i]!(scope));
		return text;
	};
}

/** Reading a property gives undefined at worst. */
function neverFails(expression: Expression): boolean {
	return expression.kind === 'constant' || expression.kind === 'name' || expression.kind === 'member';
}

function compileCall(
	{ name, args, at }: { name: string; args: Arguments; at: number },
	names: Names
): Evaluate {
	const special = Object.hasOwn(specialForms, name) ? specialForms[name] : undefined;
	if (special) return special(args, names, at);
	const plain = plainFunctions.get(name);
	if (!plain) throw unknownFunction(name, at);
	arity(name, args, plain.least, plain.most, at);
	const evaluate = args.map((arg) => compileExpression(arg, names));
	const call: Evaluate = (scope) =>
		plain.run(
			evaluate.map((arg) => arg(scope)),
			scope
		);
	return tests.has(name) ? (scope) => attempt(call, scope) ?? false : call;
}

function unknownFunction(name: string, at: number): ExpressionSyntaxError {
	const meant = nearest(name, [...plainFunctions.keys(), ...Object.keys(specialForms)]);
	const hint = meant === undefined ? undefined : `Did you mean "${meant}"?`;
	return new ExpressionSyntaxError(`there is no function "${name}"`, at, hint);
}

function arity(name: string, args: Arguments, least: number, most: number, at: number): void {
	if (args.length >= least && args.length <= most) return;
	const wanted =
		least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
	throw new ExpressionSyntaxError(`${name}() takes ${wanted} argument${wanted === '1' ? '' : 's'}`, at);
}

/** The value, or undefined where the evaluation fails. */
export function attempt(evaluate: Evaluate, scope: Scope): unknown {
	try {
		return evaluate(scope);
	} catch (error) {
		if (error instanceof EvaluationError) return undefined;
		throw error;
	}
}

const specialForms: Readonly<Record<string, SpecialForm>> = {
	if: (args, names, at) => {
		arity('if', args, 3, 3, at);
		const [condition, yes, no] = args.map((arg) => compileExpression(arg, names)) as [
			Evaluate,
			Evaluate,
			Evaluate
		];
		return (scope) => (truthy(attempt(condition, scope)) ? yes(scope) : no(scope));
	},
	and: (args, names, at) => {
		arity('and', args, 1, Infinity, at);
		const all = args.map((arg) => compileExpression(arg, names));
		return (scope) => all.every((one) => truthy(attempt(one, scope)));
	},
	or: (args, names, at) => {
		arity('or', args, 1, Infinity, at);
		const all = args.map((arg) => compileExpression(arg, names));
		return (scope) => all.some((one) => truthy(attempt(one, scope)));
	},
	not: (args, names, at) => {
		arity('not', args, 1, 1, at);
		const value = compileExpression(args[0]!, names);
		return (scope) => !truthy(attempt(value, scope));
	},
	coalesce: (args, names, at) => {
		arity('coalesce', args, 1, Infinity, at);
		const all = args.map((arg) => compileExpression(arg, names));
		return (scope) => firstPresent(all, scope);
	},
	where: listForm((values, test) => values.filter((_, i) => truthy(test(i)))),
	select: listForm((values, test) => values.map((_, i) => test(i))),
	foreach: listForm((values, test) => values.map((_, i) => test(i))),
	any: listForm((values, test) => values.some((_, i) => truthy(test(i)))),
	all: listForm((values, test) => values.every((_, i) => truthy(test(i))))
};

function firstPresent(all: readonly Evaluate[], scope: Scope): unknown {
	for (const one of all) {
		const value = one(scope);
		if (value !== null && value !== undefined) return value;
	}
	return undefined;
}

/** `where(list, item => test)` or `where(list, item, test)`. */
function listForm(run: (values: readonly unknown[], body: (i: number) => unknown) => unknown): SpecialForm {
	return (args, names, at) => {
		const { parameter, body } = lambda(args, at);
		const values = compileExpression(args[0]!, names);
		const inner = compileExpression(body, new Set([...names, parameter]));
		return (scope) => {
			const all = collection(values(scope));
			return run(all, (i) => inner(withLocal(scope, parameter, all[i])));
		};
	};
}

function lambda(args: Arguments, at: number): { parameter: string; body: Expression } {
	const [, second, third] = args;
	if (args.length === 2 && second?.kind === 'lambda') return second;
	if (args.length === 3 && second?.kind === 'name' && third) return { parameter: second.name, body: third };
	throw new ExpressionSyntaxError('write it as where(list, item => condition)', at);
}
