import { errors } from './errors.ts';
import type { Constant, FilterEnv } from './types.ts';
import { endsInEscape } from './value/like.ts';
import { normalise } from './value/normalise.ts';

/** A constant's value in this request, normalised; null for NULL. Throws FILTER_VALUE, FILTER_PARAMETER. */
export function resolveConstant(constant: Constant, env: FilterEnv): string | null {
	if (constant.op === 'literal') return constant.value;
	const [name, given] = lookUp(constant, env);
	if (given === null) return null;
	const value = normalise(constant.type, given);
	if (value !== undefined) return value;
	throw errors.FILTER_VALUE(`${name} must be ${/^i/.test(constant.type) ? 'an' : 'a'} ${constant.type}.`, {
		parameter: name,
		type: constant.type
	});
}

/** The same for a pattern of LIKE. */
export function resolvePattern(constant: Constant, env: FilterEnv): string | null {
	const pattern = resolveConstant(constant, env);
	if (pattern === null || !endsInEscape(pattern)) return pattern;
	throw errors.FILTER_VALUE('A pattern cannot end in a backslash.', { type: 'pattern' });
}

function lookUp(constant: Exclude<Constant, { op: 'literal' }>, env: FilterEnv): [string, string | null] {
	switch (constant.op) {
		case 'principal':
			return ['principal()', env.principal ?? null];
		case 'param':
			return [constant.name, own(env, constant.name) ?? null];
		case 'position': {
			const value = own(env, String(constant.number));
			if (value !== undefined) return [`$${constant.number}`, value];
			throw errors.FILTER_PARAMETER(`The filter uses $${constant.number}; give params[${constant.number}].`, {
				parameter: constant.number
			});
		}
	}
}

function own(env: FilterEnv, name: string): string | null | undefined {
	return env.params && Object.hasOwn(env.params, name) ? env.params[name] : undefined;
}
