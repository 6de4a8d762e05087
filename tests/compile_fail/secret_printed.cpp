// expect: valetkey::secret
#include <valetkey/secret.hpp>
#include <iostream>
void print(valetkey::secret const& value) { std::cout << value; }
