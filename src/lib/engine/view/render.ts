import { quote } from './expression.ts';
import type { ViewProgram } from './types.ts';

/** The schemas of one installation, unquoted. */
export interface ProgramSchemas {
	/** Of its tables. */
	readonly data: string;
	/** Of the state of its views. */
	readonly state: string;
}

/** A program's statements for one installation. No literal of an author can hold a placeholder. */
export function renderProgram(program: ViewProgram, schemas: ProgramSchemas): ViewProgram {
	const render = (sql: string) => renderSql(sql, schemas);
	return { create: program.create.map(render), drop: program.drop.map(render), read: render(program.read) };
}

/** The same for one statement, such as `ViewPlan.describeSql`. */
export function renderSql(sql: string, schemas: Partial<ProgramSchemas>): string {
	return sql.replace(/\{(data|state)\}/g, (placeholder, name: 'data' | 'state') => {
		const schema = schemas[name];
		return schema === undefined ? placeholder : quote(schema);
	});
}
