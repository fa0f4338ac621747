import { startTestCluster } from './postgres.ts';

/** One Postgres for the whole run; one that ran before (kept by a developer) is left running. */
export default async function setup() {
	const cluster = await startTestCluster();
	process.env['LOAM_TEST_CLUSTER'] = cluster.url;
	return async () => {
		if (!cluster.adopted) await cluster.stop();
	};
}
