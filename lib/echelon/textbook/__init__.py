"""Exact solvers of textbook systems: they check the simulation and give it start values.

| module | what |
|---|---|
| `eoq`, `lot_sizing` | EOQ and its family; Wagner-Whitin |
| `supply_disruptions` | EOQ with a supplier that fails: exact, Snyder's approximation |
| `base_stock`, `service` | newsvendor, base stock, disruptions; service measures with review periods |
| `order_up_to` | periodic review (s, S): optimal (Zheng-Federgruen), cost of a pair, power approximation |
| `reorder_point`, `reorder_heuristics` | continuous review (r, Q): optimal for Poisson and normal demand, approximations |
| `lost_sales` | least cost of any policy with lost sales (value iteration) |
| `serial` | Clark-Scarf serial systems, Shang-Song bounds |
| `one_warehouse` | one warehouse with retailers: exact, two-moment, METRIC |
| `service_network`, `service_time_grid` | guaranteed service: model; service times in parts of a period, or any real ones |
| `guaranteed_service`, `guaranteed_service_tree` | its optimum, or best placement and bound, on any network; on trees |
| `service_time_bins`, `guaranteed_service_programme`, `guaranteed_service_search` | parts of the solver |
| `demand_laws`, `checks` | discrete laws of demand; refusal of impossible parameters |
"""
