using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;

namespace Tollgate.Server.Hosting;

/// <summary>One page of an ordered list, with the total and the offset of the next page.</summary>
internal static class Paging
{
    public static async Task<ListResponse<TResponse>> PageAsync<TRow, TResponse>(
        this IQueryable<TRow> ordered, int? limit, int? offset, Func<TRow, TResponse> map, CancellationToken cancellationToken)
    {
        var total = await ordered.LongCountAsync(cancellationToken);
        var size = limit ?? Limits.DefaultPageSize;
        var rows = await ordered.Skip(offset ?? 0).Take(size).ToListAsync(cancellationToken);
        return new ListResponse<TResponse>
        {
            Items = [.. rows.Select(map)],
            Pagination = new PaginationResponse { Total = total, Limit = size, Offset = (offset ?? 0) + rows.Count },
        };
    }
}
