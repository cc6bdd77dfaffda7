using System.Linq.Expressions;

namespace Tollgate.Server.Hosting;

/// <summary>Makes the test of a value into a condition on rows, so that one test serves every member.</summary>
internal static class RowConditions
{
    /// <summary>Whether the test holds of the row's member.</summary>
    public static Expression<Func<TRow, bool>> On<TRow, TValue>(Expression<Func<TRow, TValue>> member, Expression<Func<TValue, bool>> test) =>
        Expression.Lambda<Func<TRow, bool>>(new Replacement(test.Parameters[0], member.Body).Visit(test.Body), member.Parameters);

    private sealed class Replacement(ParameterExpression parameter, Expression by) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == parameter ? by : node;
    }
}
