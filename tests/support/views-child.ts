import { bootstrapInstance, openPools } from '#platform/postgres';
import { createTenancy } from '#core/tenancy';
import { createViews } from '#core/views';
import { testLog } from './log.ts';

/** A node that maintains views and nothing else, to be killed: `node views-child.ts <superuser url>`. */
const db = openPools(await bootstrapInstance(process.argv[2]!));
const tenancy = await createTenancy({ postgres: db, log: testLog });
const views = await createViews({ postgres: db, log: testLog, asOwner: tenancy.asOwner });
console.log('ready', views.position().seq);
views.onAdvance(({ seq }) => console.log('advance', seq));
