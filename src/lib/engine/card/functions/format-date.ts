const monthNames =
	'January February March April May June July August September October November December'.split(' ');
const dayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const tokens =
	/'[^']*'|"[^"]*"|\\.|y{1,4}|Y{4}|Y{2}|M{1,4}|d{1,4}|D{1,2}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|f{3}|F{3}|t{1,2}|z{1,3}|K|Z/g;

/** In UTC, by a .NET custom pattern (`yyyy-MM-dd HH:mm`); without one, ISO 8601 with milliseconds. */
export function formatDate(at: Date, pattern: string | undefined): string {
	if (pattern === undefined) return at.toISOString();
	return pattern.replace(tokens, (token) => part(at, token));
}

function part(at: Date, token: string): string {
	const hours = at.getUTCHours();
	switch (token) {
		case 'y':
		case 'yy':
		case 'YY':
			return pad(at.getUTCFullYear() % 100);
		case 'yyy':
		case 'yyyy':
		case 'YYYY':
			return String(at.getUTCFullYear()).padStart(4, '0');
		case 'M':
			return String(at.getUTCMonth() + 1);
		case 'MM':
			return pad(at.getUTCMonth() + 1);
		case 'MMM':
			return monthNames[at.getUTCMonth()]!.slice(0, 3);
		case 'MMMM':
			return monthNames[at.getUTCMonth()]!;
		case 'd':
		case 'D':
			return String(at.getUTCDate());
		case 'dd':
		case 'DD':
			return pad(at.getUTCDate());
		case 'ddd':
			return dayNames[at.getUTCDay()]!.slice(0, 3);
		case 'dddd':
			return dayNames[at.getUTCDay()]!;
		case 'H':
			return String(hours);
		case 'HH':
			return pad(hours);
		case 'h':
			return String(hours % 12 || 12);
		case 'hh':
			return pad(hours % 12 || 12);
		case 'm':
			return String(at.getUTCMinutes());
		case 'mm':
			return pad(at.getUTCMinutes());
		case 's':
			return String(at.getUTCSeconds());
		case 'ss':
			return pad(at.getUTCSeconds());
		case 'fff':
		case 'FFF':
			return String(at.getUTCMilliseconds()).padStart(3, '0');
		case 't':
		case 'tt':
			return hours < 12 ? 'AM' : 'PM';
		case 'z':
		case 'zz':
			return '+0000';
		case 'zzz':
		case 'K':
		case 'Z':
			return '+00:00';
		default:
			return token.startsWith('\\') ? token.slice(1) : token.slice(1, -1);
	}
}

function pad(value: number): string {
	return String(value).padStart(2, '0');
}
