import { silentLogger } from '#kernel';
import { createTenancy, type Project, type Tenancy } from '#core/tenancy';
import { createViews, type RunningViews } from '#core/views';
import { createRegistry, type Registry } from '#features/registry';
import { createReleases, type PublishResult, type Releases } from '#features/releases';
import { renderSql } from '#engine/view';
import { testPostgres, type TestPostgres } from './postgres.ts';

export interface TestReleases {
	readonly db: TestPostgres;
	readonly tenancy: Tenancy;
	readonly views: RunningViews;
	readonly registry: Registry;
	readonly releases: Releases;
	/** home/main */
	readonly project: Project;
	publish(module: string, files: ReadonlyMap<string, string>, demo?: boolean): Promise<PublishResult>;
	/** Rows of a view as it is kept, of what a project has live. */
	rowsOf(project: Project, module: string, view: string): Promise<Record<string, unknown>[]>;
	end(): Promise<void>;
}

/** Everything from files to live views, on a database of its own. */
export async function testReleases(): Promise<TestReleases> {
	const db = await testPostgres();
	const tenancy = await createTenancy({ postgres: db, log: silentLogger });
	const views = await createViews({ postgres: db, log: silentLogger, asOwner: tenancy.asOwner });
	const registry = createRegistry({ pool: db.app, shipped: new Map() });
	const releases = await createReleases({ postgres: db, tenancy, views, registry, log: silentLogger });
	const project = (await tenancy.project('home', 'main'))!;
	return {
		db,
		tenancy,
		views,
		registry,
		releases,
		project,
		async publish(name, files, demo = false) {
			const module = await registry.ensureModule(project.id, name);
			return releases.publish({ project, module, files, createdBy: undefined, demo });
		},
		async rowsOf(where, module, view) {
			const installation = (await tenancy.installation(where.id, module))!;
			const spec = installation.release.artifact.views.find((one) => one.name === view)!;
			const live = views.find(installation, spec.hash)!;
			const read = renderSql(spec.program.read, {
				data: installation.schema,
				state: installation.stateSchema
			});
			return views.snapshot(live, async (client) => (await client.query<Record<string, unknown>>(read)).rows);
		},
		async end() {
			await releases.end();
			await views.stop();
			await tenancy.end();
			await db.drop();
		}
	};
}
