/** `schema.table`: schemas of installations have no dot, so it names one table. */
export function tableId(schema: string, table: string): string {
	return `${schema}.${table}`;
}
