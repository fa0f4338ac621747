import { isInteger, isNumber } from '../sql-type.ts';
import type { SqlType } from '../types.ts';
import { ceilNumeric, floorNumeric, roundNumeric, truncateNumeric, type Numeric } from '../value/decimal.ts';
import { roundHalfEven } from '../value/float.ts';
import { absolute, arithmetic, squareRoot } from './arithmetic.ts';
import { overload, type OperandTypes, type Overload } from './overload.ts';

interface Rounding {
	readonly numeric: (value: Numeric) => Numeric;
	readonly float: (value: number) => number;
	/** With a number of places. */
	readonly places?: (value: Numeric, places: number) => Numeric;
}

const roundings: Readonly<Record<string, Rounding>> = {
	ceil: { numeric: ceilNumeric, float: Math.ceil },
	ceiling: { numeric: ceilNumeric, float: Math.ceil },
	floor: { numeric: floorNumeric, float: Math.floor },
	round: { numeric: (value) => roundNumeric(value, 0), float: roundHalfEven, places: roundNumeric },
	trunc: { numeric: (value) => truncateNumeric(value, 0), float: Math.trunc, places: truncateNumeric }
};

/** Functions over numbers. An integer is rounded as a float, as in Postgres. */
export function numberFunction(name: string, types: OperandTypes): Overload | undefined {
	const [type] = types;
	if (type === undefined || !isNumber(type)) return undefined;
	if (Object.hasOwn(roundings, name)) return rounding(roundings[name]!, type, types);
	if (name === 'mod' && types.length === 2) return modulo(types);
	if (types.length !== 1) return undefined;
	if (name === 'abs') return absolute(type);
	return name === 'sqrt' && type !== 'numeric' ? squareRoot() : undefined;
}

function rounding(
	{ numeric, float, places }: Rounding,
	type: SqlType,
	types: OperandTypes
): Overload | undefined {
	if (types.length === 2) {
		const isExact = type === 'numeric' || isInteger(type);
		if (!places || !isExact) return undefined;
		return overload<never>(['numeric', 'integer'], 'numeric', places as never);
	}
	if (types.length !== 1) return undefined;
	if (type === 'numeric') return overload<never>([type], type, numeric as never);
	return overload(['double precision'], 'double precision', float);
}

function modulo(types: OperandTypes): Overload | undefined {
	const found = arithmetic('%', types);
	return found?.gives === 'double precision' || found?.gives === 'real' ? undefined : found;
}
