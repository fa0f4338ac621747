import type { Diagnostic } from '#kernel';
import type { Place } from './source.ts';

/** The file that declares a module's data and services. */
export const schemaFile = 'schema.proto';

/** An error at a declaration of schema.proto. */
export function finding(place: Place, reason: string, message: string, hint: string): Diagnostic {
	return { severity: 'error', file: schemaFile, ...place, reason, message, hint };
}
