using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>A set of roles that together grant what is needed.</summary>
/// <param name="Roles">The roles' ids.</param>
/// <param name="Permissions">All that they grant.</param>
/// <param name="Smallest">Whether no better set exists for certain; false when the search was ended early.</param>
internal sealed record RoleCover(IReadOnlyList<string> Roles, PermissionSet Permissions, bool Smallest)
{
    /// <summary>
    /// The set that grants what is needed with the fewest permissions beyond it, and among those the one of the fewest roles. Null when
    /// the roles together don't grant it. Exact: a branch-and-bound search over the permission that the fewest roles grant, after roles
    /// that another one beats everywhere are left out. It is ended after <see cref="Limits.MaxRoleSearchSteps"/>, which only adversarial
    /// roles reach, and then says so.
    /// </summary>
    public static RoleCover? Find(IReadOnlyList<RoleChoice> choices, PermissionSet needed)
    {
        var search = new Search(needed, choices);
        foreach (var choice in choices.Where(choice => choice.Permissions.Covers(needed)))
        {
            // Also the only way for a role that stands alone, and for a need of nothing: an account holds at least one role.
            search.Offer([choice.Id], choice.Permissions);
        }

        if (!needed.IsEmpty)
        {
            search.Run(PermissionSet.Empty, []);
        }

        return search.Best is { } best ? best with { Smallest = !search.Ended } : null;
    }

    private sealed class Search(PermissionSet needed, IReadOnlyList<RoleChoice> choices)
    {
        private readonly List<RoleChoice> _choices = Reduce(needed, choices);
        private int _steps;

        public RoleCover? Best { get; private set; }

        public bool Ended => _steps >= Limits.MaxRoleSearchSteps;

        public void Offer(List<string> roles, PermissionSet permissions)
        {
            var excess = permissions.Except(needed).Count;
            if (Best is null || Beats(excess, roles.Count))
            {
                Best = new RoleCover([.. roles], permissions, Smallest: true);
            }
        }

        public void Run(PermissionSet granted, List<string> chosen)
        {
            if (++_steps >= Limits.MaxRoleSearchSteps)
            {
                return;
            }

            var left = needed.Except(granted);
            if (left.IsEmpty)
            {
                Offer(chosen, granted);
                return;
            }

            // What is granted only grows: when this much already fails to beat the best, nothing below can. At least one more role comes.
            if (Best is not null && !Beats(granted.Except(needed).Count, chosen.Count + 1))
            {
                return;
            }

            foreach (var choice in Rarest(left))
            {
                chosen.Add(choice.Id);
                Run(granted | choice.Permissions, chosen);
                chosen.RemoveAt(chosen.Count - 1);
            }
        }

        private bool Beats(int excess, int roles)
        {
            var best = Best!.Permissions.Except(needed).Count;
            return excess < best || (excess == best && roles < Best.Roles.Count);
        }

        /// <summary>The roles that grant the missing permission which the fewest grant: one of them must be in every cover.</summary>
        private List<RoleChoice> Rarest(PermissionSet left)
        {
            List<RoleChoice>? rarest = null;
            for (var bits = left.Bits; bits != 0; bits &= bits - 1)
            {
                var one = new PermissionSet(bits & (~bits + 1));
                var granting = _choices.FindAll(choice => choice.Permissions.Covers(one));
                if (rarest is null || granting.Count < rarest.Count)
                {
                    rarest = granting;
                }
            }

            return rarest!;
        }

        /// <summary>The roles worth trying, the least excess first: none that another beats in what it gives and in what it gives too much.</summary>
        private static List<RoleChoice> Reduce(PermissionSet needed, IReadOnlyList<RoleChoice> choices)
        {
            var kept = new List<RoleChoice>();
            foreach (var choice in choices
                .Where(choice => !choice.StandsAlone && !(choice.Permissions & needed).IsEmpty)
                .OrderBy(choice => choice.Permissions.Except(needed).Count)
                .ThenByDescending(choice => (choice.Permissions & needed).Count))
            {
                // In this order whatever beats a role comes before it.
                if (!kept.Exists(other => other.Permissions.Covers(choice.Permissions & needed)
                    && choice.Permissions.Covers(other.Permissions.Except(needed))))
                {
                    kept.Add(choice);
                }
            }

            return kept;
        }
    }
}

/// <summary>A role that may be chosen.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Permissions">What the account would hold by it.</param>
/// <param name="StandsAlone">Whether it can't be held beside others.</param>
internal sealed record RoleChoice(string Id, PermissionSet Permissions, bool StandsAlone = false);
