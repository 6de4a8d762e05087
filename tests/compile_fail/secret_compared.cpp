// expect: valetkey::secret
#include <valetkey/secret.hpp>
bool same(valetkey::secret const& a, valetkey::secret const& b) { return a == b; }
