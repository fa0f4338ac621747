import { commandAccess, readAccess } from '#engine/policy';
import type { ReleaseArtifact } from '#engine/module';
import type { ColumnSpec, StandardOperation, TableSpec } from '#engine/schema';

/** What one viewer may do with the tables of a release: the generated screens show nothing beyond it. */
export class Viewer {
	readonly artifact: ReleaseArtifact;
	readonly #roles: ReadonlySet<string>;

	constructor(artifact: ReleaseArtifact, roles: ReadonlySet<string>) {
		this.artifact = artifact;
		this.#roles = roles;
	}

	mayReadView(name: string): boolean {
		const view = this.artifact.views.find((candidate) => candidate.name === name);
		return view !== undefined && readAccess(this.artifact.manifest, view, this.#roles).allowed;
	}

	/** Columns of the table's implicit view that may be read, in the table's order. */
	columns(table: TableSpec): readonly ColumnSpec[] {
		const view = this.artifact.views.find((candidate) => candidate.name === table.name && candidate.implicit);
		if (!view) return [];
		const readable = new Set(readAccess(this.artifact.manifest, view, this.#roles).columns);
		return table.columns.filter((column) => readable.has(column.name));
	}

	/** Name of the standard method, where the viewer may call it. */
	method(table: TableSpec, operation: StandardOperation): string | undefined {
		const method = this.artifact.methods.find(
			({ run }) => run.kind === 'standard' && run.table === table.name && run.operation === operation
		);
		return method && this.mayCall(method.name) ? method.name : undefined;
	}

	mayCall(method: string): boolean {
		return commandAccess(this.artifact.manifest, method, this.#roles).allowed;
	}

	table(name: string): TableSpec | undefined {
		return this.artifact.tables.find((table) => table.name === name);
	}
}
