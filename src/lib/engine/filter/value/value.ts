import type { ScalarType } from '../types.ts';
import type { ArrayValue } from './array.ts';
import type { Decimal } from './decimal.ts';
import type { Span } from './interval.ts';

/**
 * A value while a filter is evaluated, by its type: boolean; smallint, integer, real, double precision,
 * date (days) and time (microseconds) as number; bigint and timestamps (microseconds) as bigint, their
 * infinities as number; numeric as Decimal, or the name of what is no number; interval as Span; the rest
 * as text.
 */
export type Value = boolean | number | bigint | string | Decimal | Span | ArrayValue | null;

/** What every `Value` of a type is, as long as it is not NULL. */
export type Present = NonNullable<Value>;

export type Read = (text: string) => Present;

export type ScalarRead = Readonly<Record<ScalarType, Read>>;
