import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type { Health } from '#core/health';
import type { HealthService } from '#gen/loam/v1/health_pb';

export function healthService(health: Pick<Health, 'state'>): ServiceImpl<typeof HealthService> {
	return {
		getHealth() {
			const { status, problems } = health.state();
			return {
				status,
				problems: problems.map(({ since, ...rest }) => ({ ...rest, since: timestampFromDate(since) }))
			};
		}
	};
}
